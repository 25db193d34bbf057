// Package mtom takes messages with attachments apart and puts them together: XOP and MTOM (W3C 2005), SOAP with
// Attachments (W3C 2000), both over multipart/related (RFC 2387).
package mtom

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/textproto"
	"net/url"
	"strings"
)

// The bounds of a message; that of its bytes is whoever's who has read it.
const (
	maxParts  = 1000
	maxHeader = 8 << 10
)

// Part is an attachment.
type Part struct {
	ID   string // the Content-ID, without brackets
	Type string // the media type, with parameters
	Body []byte
}

// Message is a message and what is attached to it.
type Message struct {
	Root  Part
	Parts []Part // all but the root

	taken map[string]bool // what Attachment has given out
}

// Open takes a message apart; one that is not multipart is its own root. Bodies are pieces of the message. Where the
// content type is not known, "", the message itself tells whether it is multipart.
func Open(contentType string, message []byte) (*Message, error) {
	media, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	switch {
	case contentType == "" && bytes.HasPrefix(message, []byte("--")):
		line, _, _ := bytes.Cut(message[2:], []byte("\n"))
		boundary = string(bytes.TrimRight(line, " \t\r"))
	case err != nil || !strings.HasPrefix(media, "multipart/"):
		return &Message{Root: Part{Type: contentType, Body: message}}, nil
	}
	if boundary == "" || len(boundary) > 70 { // RFC 2046 section 5.1.1
		return nil, errors.New("the multipart message has no boundary that could be one")
	}
	pieces, err := split(message, boundary)
	if err != nil {
		return nil, err
	}
	m := &Message{taken: map[string]bool{}}
	root := 0
	start := strings.Trim(params["start"], "<>")
	for i, piece := range pieces {
		p, err := parsePart(piece)
		if err != nil {
			return nil, fmt.Errorf("part %d of the multipart message: %w", i+1, err)
		}
		m.Parts = append(m.Parts, p)
		if start != "" && p.ID == start {
			root = i
		}
	}
	if start != "" && m.Parts[root].ID != start {
		return nil, fmt.Errorf("the multipart message has no part with the Content-ID <%.100s>, which should be its root", start)
	}
	m.Root = m.Parts[root]
	m.Parts = append(m.Parts[:root:root], m.Parts[root+1:]...)
	return m, nil
}

// split finds what stands between the delimiters. Lines may end with LF alone, as some senders have it.
func split(message []byte, boundary string) (pieces [][]byte, err error) {
	delimiter := []byte("--" + boundary)
	begin := -1 // of the piece that is open
	for at := 0; at < len(message); {
		n := bytes.Index(message[at:], delimiter)
		if n < 0 {
			break
		}
		from := at + n
		at = from + len(delimiter)
		if from > 0 && message[from-1] != '\n' {
			continue // in the middle of a line
		}
		last := bytes.HasPrefix(message[at:], []byte("--"))
		rest, _, found := bytes.Cut(message[at:], []byte("\n"))
		if !last && (!found || len(bytes.TrimRight(rest, " \t\r")) > 0) {
			continue // a longer boundary
		}
		if begin >= 0 {
			end := max(begin, from-1)
			if end > begin && message[end-1] == '\r' {
				end--
			}
			pieces = append(pieces, message[begin:end])
		}
		switch {
		case last && len(pieces) == 0:
			return nil, errors.New("the multipart message has no part")
		case last:
			return pieces, nil
		case len(pieces) == maxParts:
			return nil, fmt.Errorf("the multipart message has more than %d parts", maxParts)
		}
		at += len(rest) + 1
		begin = at
	}
	return nil, errors.New("the multipart message is cut off: its last delimiter is missing")
}

func parsePart(piece []byte) (p Part, err error) {
	head, body := []byte(nil), piece
	for at := 0; ; {
		line, _, found := bytes.Cut(piece[at:], []byte("\n"))
		switch {
		case len(bytes.TrimRight(line, "\r")) == 0:
			head, body = piece[:at], piece[min(len(piece), at+len(line)+1):]
		case !found || at > maxHeader:
			return p, fmt.Errorf("no empty line within %d bytes ends its headers", maxHeader)
		default:
			at += len(line) + 1
			continue
		}
		break
	}
	header, err := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(head), strings.NewReader("\r\n")))).ReadMIMEHeader()
	if err != nil {
		return p, errors.New("its headers are malformed")
	}
	p = Part{ID: strings.Trim(header.Get("Content-ID"), "<> "), Type: header.Get("Content-Type"), Body: body}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "", "binary", "8bit", "7bit":
	case "base64":
		if p.Body, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))); err != nil {
			return p, errors.New("it is not the base64 that it claims to be")
		}
	case "quoted-printable":
		if p.Body, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err != nil {
			return p, errors.New("it is not the quoted-printable that it claims to be")
		}
	default:
		return p, fmt.Errorf("the transfer encoding %.40q is none", header.Get("Content-Transfer-Encoding"))
	}
	return p, nil
}

// Charset is what the root's media type says of its charset, or "".
func (m *Message) Charset() string {
	_, params, err := mime.ParseMediaType(m.Root.Type)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// Attachment finds the part that a cid: reference means (RFC 2392).
func (m *Message) Attachment(href string) (content []byte, ok bool) {
	id, isCID := strings.CutPrefix(href, "cid:")
	if !isCID {
		return nil, false
	}
	plain, err := url.PathUnescape(id)
	for _, p := range m.Parts {
		if p.ID == id || err == nil && p.ID == plain {
			m.taken[p.ID] = true
			return p.Body, true
		}
	}
	return nil, false
}

// Rest are the parts that nobody has asked Attachment for.
func (m *Message) Rest() (rest []Part) {
	for _, p := range m.Parts {
		if !m.taken[p.ID] {
			rest = append(rest, p)
		}
	}
	return rest
}

// rootID is the Content-ID of the root of what we send.
const rootID = "message@sluice"

// Package puts a message together. The root's Type is a bare media type; XOP is what MTOM adds. The same message always
// gives the same bytes, so that a retry sends what was sent before.
func Package(root Part, action string, xop bool, parts []Part) (message []byte, contentType string) {
	sum := sha256.New()
	size := len(root.Body)
	sum.Write(root.Body)
	for _, p := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(p.Body), p.ID)
		sum.Write(p.Body)
		size += len(p.Body) + 300
	}
	boundary := fmt.Sprintf("sluice-%x", sum.Sum(nil)[:16])
	params := map[string]string{"type": root.Type, "start": "<" + rootID + ">", "boundary": boundary}
	rootParams := map[string]string{"charset": "UTF-8"}
	rootType := root.Type
	if xop {
		params["type"], params["start-info"] = "application/xop+xml", root.Type
		rootType, rootParams["type"] = "application/xop+xml", root.Type
	}
	if action != "" {
		params["action"] = action
	}
	message = make([]byte, 0, size+600)
	add := func(id, mediaType string, body []byte) {
		message = fmt.Appendf(message, "--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <%s>\r\n\r\n", boundary, mediaType, id)
		message = append(append(message, body...), "\r\n"...)
	}
	add(rootID, mime.FormatMediaType(rootType, rootParams), root.Body)
	for _, p := range parts {
		add(p.ID, p.Type, p.Body)
	}
	return fmt.Appendf(message, "--%s--\r\n", boundary), mime.FormatMediaType("multipart/related", params)
}
