package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// NewID makes the id of a request: a UUIDv7 (RFC 9562), so that ids sort by the time of acceptance.
func NewID(now time.Time) string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails (crypto/rand)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(u[:6], ms[2:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return formatUUID(u)
}

// MessageID is the UUID under which an agency gets a delivery, the same for every attempt. It is a function of the
// delivery's id alone. Its first 48 bits are those of the request's id and the rest is a hash, so that a request can
// be found by a message id with the index that its own id has: see MessagePrefix.
func MessageID(deliveryID string) string {
	sum := sha256.Sum256([]byte("sluice delivery " + deliveryID))
	var u [16]byte
	copy(u[:], sum[:])
	if requestID, _, err := SplitDeliveryID(deliveryID); err == nil {
		_, _ = hex.Decode(u[:4], []byte(requestID[:8])) // a valid UUID: checked above
		_, _ = hex.Decode(u[4:6], []byte(requestID[9:13]))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return formatUUID(u)
}

// MessagePrefix returns what the ids of a message and of its request have in common, or "" when messageID is no UUID.
func MessagePrefix(messageID string) string {
	if !validUUID(messageID) {
		return ""
	}
	return messageID[:13]
}

func formatUUID(u [16]byte) string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	b[8] = '-'
	hex.Encode(b[9:13], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:], u[10:])
	return string(b[:])
}

// validUUID tells whether s is a UUID in the canonical form, lower case.
func validUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c < '0' || c > 'f' || c > '9' && c < 'a':
			return false
		}
	}
	return true
}
