package scan

// The namespaces that every Spaces begins with.
const (
	NoSpace  = iota // no namespace
	SpaceXML        // the one of the prefix xml
	SpaceXSI        // XML Schema instance: xsi:type, xsi:nil
	known
)

// URIs that XML itself and XML Schema give a meaning.
const (
	XMLURI   = "http://www.w3.org/XML/1998/namespace"
	XSIURI   = "http://www.w3.org/2001/XMLSchema-instance"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// Spaces numbers namespaces, so that names are compared by number. It must not change once a Scanner uses it.
type Spaces struct {
	uris    []string
	numbers map[string]int
}

// NewSpaces numbers NoSpace, SpaceXML, SpaceXSI and then uris in order.
func NewSpaces(uris ...string) *Spaces {
	s := &Spaces{numbers: map[string]int{}}
	s.Add("")
	s.Add(XMLURI)
	s.Add(XSIURI)
	for _, uri := range uris {
		s.Add(uri)
	}
	return s
}

// Add numbers uri, unless it has a number already, and returns it.
func (s *Spaces) Add(uri string) int {
	n, ok := s.numbers[uri]
	if !ok {
		n = len(s.uris)
		s.numbers[uri] = n
		s.uris = append(s.uris, uri)
	}
	return n
}

// Number finds the number of uri.
func (s *Spaces) Number(uri string) (n int, ok bool) {
	n, ok = s.numbers[uri]
	return n, ok
}

// URI is the namespace of number n.
func (s *Spaces) URI(n int) string { return s.uris[n] }

// Len is how many namespaces have numbers.
func (s *Spaces) Len() int { return len(s.uris) }

// spaceOf numbers a namespace of the document; those that spaces lacks come after it.
func (s *Scanner) spaceOf(uri []byte) int {
	if n, ok := s.spaces.numbers[string(uri)]; ok {
		return n
	}
	if n, ok := s.numbers[string(uri)]; ok {
		return n
	}
	if s.numbers == nil {
		s.numbers = map[string]int{}
	}
	n := s.spaces.Len() + len(s.more)
	s.more = append(s.more, string(uri))
	s.numbers[s.more[len(s.more)-1]] = n
	return n
}
