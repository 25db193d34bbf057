package demo

import "net"

// doors are the addresses of the hub's three listeners.
type doors struct{ portal, agencies, operators string }

// freeDoors finds three ports on loopback that nobody uses now.
func freeDoors() (d doors, err error) {
	for _, address := range []*string{&d.portal, &d.agencies, &d.operators} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return d, err
		}
		defer l.Close() // all are held until all are found
		*address = l.Addr().String()
	}
	return d, nil
}
