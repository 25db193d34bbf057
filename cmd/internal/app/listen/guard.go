package listen

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"
)

// errAmbiguous ends a connection whose next request could be read in two ways. net/http answers 400 and closes.
var errAmbiguous = errors.New("a request that can be read in two ways")

// maxLine is how much of a header line the guard looks at; lines that say how a body ends are far shorter.
const maxLine = 256

// guard reads along with net/http and ends the connection at a request that a proxy in front may have framed
// otherwise (request smuggling, RFC 9112 §6.3 and §11.2): with both Content-Length and Transfer-Encoding, with either
// one twice, with a folded line, or with a bare line feed. net/http alone drops the Content-Length in silence.
type guard struct {
	net.Conn
	limited *limited
	framing framing
}

// Read hands on what arrives, up to the request that is refused.
func (g *guard) Read(p []byte) (int, error) {
	if g.framing.broken {
		return 0, errAmbiguous
	}
	n, err := g.Conn.Read(p)
	good := g.framing.follow(p[:n])
	if g.framing.broken {
		return good, errAmbiguous
	}
	return n, err
}

// framing follows the boundaries of the requests in a stream of bytes.
type framing struct {
	state   state
	line    []byte // the line so far, to maxLine
	cr      bool   // the last byte was a carriage return
	begun   bool   // the request line is behind us
	length  string // Content-Length of the request
	coding  string // Transfer-Encoding of the request
	lengths int
	codings int
	left    uint64 // bytes of the body or the chunk
	broken  bool
}

// state is where in a request the stream is.
type state uint8

const (
	header  state = iota // the request line and the header
	body                 // a body of known length
	size                 // a chunk's size
	chunk                // a chunk's bytes
	after                // the end of line behind a chunk
	trailer              // behind the last chunk
)

// follow moves on by p and returns how many bytes are beyond doubt: all, unless broken.
func (f *framing) follow(p []byte) int {
	for i := 0; i < len(p); {
		switch f.state {
		case body, chunk:
			n := min(uint64(len(p)-i), f.left)
			i += int(n)
			if f.left -= n; f.left == 0 {
				if f.state == body {
					f.next(header)
				} else {
					f.next(after)
				}
			}
		default:
			whole := f.take(p[i])
			i++
			if whole && !f.end() {
				f.broken = true
			}
			if f.broken {
				return i - 1
			}
		}
	}
	return len(p)
}

func (f *framing) next(s state) {
	if s == header {
		*f = framing{line: f.line[:0]}
		return
	}
	f.state, f.line = s, f.line[:0]
}

// take adds a byte to the line and tells whether the line is whole.
func (f *framing) take(b byte) bool {
	switch {
	case b == '\n':
		whole := f.cr
		f.cr, f.broken = false, !whole
		return whole
	case f.cr: // a bare carriage return
		f.broken = true
	case b == '\r':
		f.cr = true
	case len(f.line) < maxLine:
		f.line = append(f.line, b)
	case f.state == size: // nobody's chunk extension is this long
		f.broken = true
	}
	return false
}

// end acts on a whole line; false means that the request is refused.
func (f *framing) end() bool {
	line := f.line
	f.line = f.line[:0]
	switch f.state {
	case header:
		if len(line) == 0 {
			return f.endHeader()
		}
		return f.field(line)
	case size:
		digits, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(strings.TrimRight(string(digits), " \t"), 16, 63)
		if err != nil {
			return false
		}
		f.left = n
		if n == 0 {
			f.next(trailer)
		} else {
			f.next(chunk)
		}
	case after:
		if len(line) != 0 {
			return false
		}
		f.next(size)
	case trailer:
		if len(line) == 0 {
			f.next(header)
		}
	}
	return true
}

// field looks at one line of the header. What maxLine cuts off net/http refuses by itself: no valid length or
// coding is so long.
func (f *framing) field(line []byte) bool {
	if !f.begun {
		f.begun = true
		return true
	}
	if line[0] == ' ' || line[0] == '\t' {
		return false // folded: what it belongs to is read differently
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch strings.ToLower(strings.TrimRight(string(name), " \t")) {
	case "content-length":
		f.lengths++
		f.length = strings.Trim(string(value), " \t")
	case "transfer-encoding":
		f.codings++
		f.coding = strings.Trim(string(value), " \t")
	}
	return true
}

// endHeader decides how the body ends.
func (f *framing) endHeader() bool {
	switch {
	case !f.begun: // an empty line before the request
		return false
	case f.lengths+f.codings > 1:
		return false
	case f.codings == 1:
		if !strings.EqualFold(f.coding, "chunked") {
			return false
		}
		f.next(size)
	case f.lengths == 1:
		n, err := strconv.ParseUint(f.length, 10, 63)
		if err != nil {
			return false
		}
		f.left = n
		if n == 0 {
			f.next(header)
		} else {
			f.next(body)
		}
	default:
		f.next(header)
	}
	return true
}
