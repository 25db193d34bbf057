package codec

import (
	"encoding/base64"
	"strconv"

	"sluice/contracts/xsd"
)

// XOPURI is the namespace of XML-binary Optimized Packaging (W3C 2005).
const XOPURI = "http://www.w3.org/2004/08/xop/include"

// included adds to text what the xop:Include stands for whose start tag the scanner has found.
func (r *Reader) included(text []byte) ([]byte, error) {
	href := ""
	for _, a := range r.scan.Attrs() {
		if string(a.Name) == "href" {
			href = string(a.Value)
		}
	}
	content, ok := r.attachment(href)
	if !ok {
		return nil, r.fail("the message has no such attachment", "", strconv.Quote(abridged([]byte(href))))
	}
	if err := r.scan.Skip(); err != nil {
		return nil, r.wrap(err)
	}
	return base64.StdEncoding.AppendEncode(text, content), nil
}

// leastAttached is the length of base64 from which on an attachment costs less than the text.
const leastAttached = 1024

// included writes a reference to an attachment in place of a long binary, if the message may have attachments.
func (w *Writer) included(s *xsd.Simple, v any) bool {
	text, ok := v.(string)
	if w.attach == nil || s.Holds != xsd.HoldsBase64 || !ok || len(text) < leastAttached {
		return false
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false // the writer says what is wrong with it
	}
	w.dst = append(w.dst, `<xop:Include xmlns:xop="`+XOPURI+`" href="`...)
	w.dst, _ = appendAttribute(w.dst, w.attach(content))
	w.dst = append(w.dst, `"/>`...)
	return true
}
