// Package scan reads XML strictly and fast: one pass over bytes in memory, no allocation for an element.
package scan

import "errors"

var errNotBuilt = errors.New("scan: not built yet")

// Limits bound what a document may hold. Zero means the default.
type Limits struct {
	Bytes      int // of the document; default 64 MiB
	Depth      int // of nested elements; default 200
	Elements   int // in all; default 2,000,000
	Attributes int // of one element; default 500
}

// Transcode returns doc as UTF-8. The charset is what the Content-Type header said, or "".
func Transcode(doc []byte, charset string) ([]byte, error) { return nil, errNotBuilt }

// Encode turns UTF-8 XML without a declaration into charset, with the XML declaration in front;
// characters that the charset lacks become character references.
func Encode(utf8 []byte, charset string) ([]byte, error) { return nil, errNotBuilt }
