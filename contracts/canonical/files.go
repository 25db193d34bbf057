package canonical

import (
	"embed"
	"io/fs"
	"strings"
)

// Files are the contracts of the canonical model: openapi.yaml, asyncapi.yaml and schemas/*.schema.json.
//
//go:embed openapi.yaml asyncapi.yaml schemas
var Files embed.FS

// under puts a file system into a folder, so that references between contracts are the same embedded and on disk.
type under struct {
	folder string
	files  fs.FS
}

func (u under) Open(name string) (fs.File, error) {
	inner, ok := strings.CutPrefix(name, u.folder+"/")
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return u.files.Open(inner)
}
