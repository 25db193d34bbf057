package soap

import (
	"sluice/contracts/mtom"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

func (c request) Shape() *shape.Type { return c.format.shape(c.Operation.Request) }

// Append writes the envelope alone, with its binaries inline.
func (c request) Append(dst []byte, message *tree.Object) ([]byte, error) {
	message, _, err := detach(message)
	if err != nil {
		return dst, err
	}
	return c.AppendRequest(dst, message)
}

// Decode reads an envelope, or a whole multipart message.
func (c request) Decode(doc []byte) (*tree.Object, []string, error) {
	m, err := mtom.Open("", doc)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.DecodeRequestWith(m.Root.Body, c.format.options(m, scan.Limits{}))
	c.format.attached(r.Tree, m)
	return r.Tree, drift(r.Drift), err
}

func (c reply) Shape() *shape.Type { return c.format.shape(c.Operation.Reply) }

// Append writes the envelope alone, with its binaries inline.
func (c reply) Append(dst []byte, message *tree.Object) ([]byte, error) {
	message, _, err := detach(message)
	if err != nil {
		return dst, err
	}
	return c.AppendReply(dst, message)
}

// Decode reads an envelope, or a whole multipart message.
func (c reply) Decode(doc []byte) (*tree.Object, []string, error) {
	m, err := mtom.Open("", doc)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.DecodeReplyWith(m.Root.Body, c.format.options(m, scan.Limits{}))
	c.format.attached(r.Tree, m)
	if err == nil && r.Fault != nil {
		err = errFault
	}
	return r.Tree, drift(r.Drift), err
}

func drift(found []codec.Drift) []string {
	var paths []string
	for _, d := range found {
		if d.Text == "" {
			paths = append(paths, d.Path)
		} else {
			paths = append(paths, d.String())
		}
	}
	return paths
}
