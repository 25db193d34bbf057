package soap

import (
	"sluice/contracts/shape"
	"sluice/contracts/xsd/codec"
)

func (c request) Shape() *shape.Type { return c.Operation.Request.Shape() }

func (c request) Append(dst []byte, tree map[string]any) ([]byte, error) {
	return c.AppendRequest(dst, tree)
}

func (c request) Decode(doc []byte) (map[string]any, []string, error) {
	r, err := c.DecodeRequest(doc)
	return r.Tree, drift(r.Drift), err
}

func (c reply) Shape() *shape.Type { return c.Operation.Reply.Shape() }

func (c reply) Append(dst []byte, tree map[string]any) ([]byte, error) {
	return c.AppendReply(dst, tree)
}

func (c reply) Decode(doc []byte) (map[string]any, []string, error) {
	r, err := c.DecodeReply(doc)
	if err == nil && r.Fault != nil {
		err = errFault
	}
	return r.Tree, drift(r.Drift), err
}

func drift(found []codec.Drift) []string {
	var paths []string
	for _, d := range found {
		paths = append(paths, d.Path)
	}
	return paths
}
