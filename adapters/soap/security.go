package soap

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"time"

	"sluice/adapters"
)

const (
	wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsu  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	unt  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
)

// secure puts a WS-Security UsernameToken (OASIS profile 1.0) into an envelope that our own writer made.
func secure(envelope []byte, l *adapters.Login, now time.Time) ([]byte, error) {
	name, password := l.Pair()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<wsse:Security xmlns:wsse="%s"><wsse:UsernameToken><wsse:Username>`, wsse)
	escape(&b, name)
	b.WriteString("</wsse:Username>")
	if l.Password == "digest" {
		nonce := make([]byte, 16)
		rand.Read(nonce) //nolint:errcheck // it never fails
		created := now.UTC().Format("2006-01-02T15:04:05.000Z")
		// SHA-1 is the profile's own choice.
		sum := sha1.Sum(append(append(bytes.Clone(nonce), created...), password...))
		encode := base64.StdEncoding.EncodeToString
		fmt.Fprintf(&b, `<wsse:Password Type="%s#PasswordDigest">%s</wsse:Password><wsse:Nonce>%s</wsse:Nonce>`, unt, encode(sum[:]), encode(nonce))
		fmt.Fprintf(&b, `<wsu:Created xmlns:wsu="%s">%s</wsu:Created>`, wsu, created)
	} else {
		fmt.Fprintf(&b, `<wsse:Password Type="%s#PasswordText">`, unt)
		escape(&b, password)
		b.WriteString("</wsse:Password>")
	}
	b.WriteString("</wsse:UsernameToken></wsse:Security>")
	return withHeader(envelope, b.Bytes())
}

func escape(b *bytes.Buffer, s string) { xml.EscapeText(b, []byte(s)) } //nolint:errcheck // a bytes.Buffer takes everything

// withHeader inserts an element as the envelope's first header.
func withHeader(envelope, header []byte) ([]byte, error) {
	prefix := ""
	if end := bytes.Index(envelope, []byte("Envelope")); end > 0 {
		if start := bytes.LastIndexByte(envelope[:end], '<'); start >= 0 {
			prefix = string(envelope[start+1 : end])
		}
	}
	body := bytes.Index(envelope, []byte("<"+prefix+"Body"))
	if body < 0 {
		return nil, fmt.Errorf("the envelope has no body to put a security header before")
	}
	if at := bytes.Index(envelope[:body], []byte("<"+prefix+"Header")); at >= 0 {
		at += bytes.IndexByte(envelope[at:], '>') + 1
		return splice(envelope, at, header), nil
	}
	whole := fmt.Appendf(nil, "<%[1]sHeader>%[2]s</%[1]sHeader>", prefix, header)
	return splice(envelope, body, whole), nil
}

func splice(doc []byte, at int, part []byte) []byte {
	out := make([]byte, 0, len(doc)+len(part))
	out = append(out, doc[:at]...)
	out = append(out, part...)
	return append(out, doc[at:]...)
}
