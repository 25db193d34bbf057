package agencysim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkRegister measures what the simulator itself costs a run that measures the hub: one registration with ZAGS,
// without the network.
func BenchmarkRegister(b *testing.B) {
	for name, lenient := range map[string]bool{"strict": false, "lenient": true} {
		b.Run(name, func(b *testing.B) {
			s, err := Start(b.Context(), Config{Lenient: lenient, WireKeep: -1})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			h := s.handler()
			message := sample(b, "zags-register.xml", 0, "Иванова")
			head, tail, _ := strings.Cut(message, id(0))
			var n atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest("POST", "/zags/001", strings.NewReader(head+id(int(n.Add(1)))+tail))
					r.Header = http.Header{"Content-Type": {"text/xml"}, "Soapaction": {zagsAction + "Register"}, "Authorization": {basic(DefaultCredentials.ZAGS)}}
					w := httptest.NewRecorder()
					if h.ServeHTTP(w, r); w.Code != http.StatusOK {
						b.Error(fmt.Sprint(w.Code, w.Body))
						return
					}
				}
			})
		})
	}
}
