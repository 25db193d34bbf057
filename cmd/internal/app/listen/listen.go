// Package listen serves HTTP to callers that nobody trusts: bounded in connections, header, time and bytes, over
// TLS 1.3 where there is a certificate, and closed to request smuggling.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Config describes one listener.
type Config struct {
	Name        string // for logs and errors: portal, agencies, operators
	Address     string // host:port; port 0 takes a free one
	Certificate string // PEM files; "" for plain HTTP
	Key         string
	Connections int           // open at once; 1024
	MaxHeader   int           // bytes; 16 KiB
	HeaderTime  time.Duration // for the header; 5 s
	BodyTime    time.Duration // for the whole request; 60 s
	AnswerTime  time.Duration // from the header to the answer's last byte; 150 s
	IdleTime    time.Duration // between requests; 120 s
	Silence     time.Duration // after that long without a request a connection gives way when all are taken; 1 s
	Log         *slog.Logger  // slog.Default()
}

// Server is one listener and what it serves.
type Server struct {
	config   Config
	listener *limiter
	http     http.Server
}

// Listen takes the address, so that a port that is in use is known before anything runs.
func Listen(c Config) (*Server, error) {
	c.setDefaults()
	s := &Server{config: c}
	var certificate *tls.Config
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate of the %s door: %w", c.Name, err)
		}
		certificate = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	}
	l, err := net.Listen("tcp", c.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("opening the %s door: %w: stop the program that has the port, or change listen.%s.address", c.Name, err, c.Name)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("opening the %s door: %w: take a port above 1023 in listen.%s.address", c.Name, err, c.Name)
	case err != nil:
		return nil, fmt.Errorf("opening the %s door: %w: look at listen.%s.address", c.Name, err, c.Name)
	}
	s.listener = newLimiter(l, c, certificate)
	s.http = http.Server{
		ReadHeaderTimeout: c.HeaderTime,
		ReadTimeout:       c.BodyTime,
		WriteTimeout:      c.AnswerTime,
		IdleTimeout:       c.IdleTime,
		MaxHeaderBytes:    c.MaxHeader,
		ConnState:         s.listener.watch,
		ErrorLog:          slog.NewLogLogger(c.Log.With("door", c.Name).Handler(), slog.LevelDebug), // broken connections are the caller's affair
	}
	return s, nil
}

func (c *Config) setDefaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.HeaderTime, 5*time.Second)
	set(&c.BodyTime, 60*time.Second)
	set(&c.AnswerTime, 150*time.Second)
	set(&c.IdleTime, 120*time.Second)
	set(&c.Silence, time.Second)
	if c.Connections == 0 {
		c.Connections = 1024
	}
	if c.MaxHeader == 0 {
		c.MaxHeader = 16 << 10
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
}

// Addr is where the door is, with the port that was taken.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the door's own address.
func (s *Server) URL() string {
	if s.config.Certificate != "" {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// Close gives up a listener that will not be served.
func (s *Server) Close() error { return s.listener.Close() }

// Serve answers until ctx ends, then lets the requests under way finish for grace and ends the contexts of those
// that have not. It returns when every handler has.
func (s *Server) Serve(ctx context.Context, handler http.Handler, grace time.Duration) error {
	base, abandon := context.WithCancel(context.WithoutCancel(ctx)) // requests under way may finish
	defer abandon()
	var handlers sync.WaitGroup
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		handler.ServeHTTP(w, r)
	})
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving the %s door: %w", s.config.Name, err)
	case <-ctx.Done():
	}
	cut := s.shutdown(ctx, grace) != nil
	<-served
	abandon()
	handlers.Wait()
	if cut {
		s.config.Log.Warn("requests were cut short", "door", s.config.Name, "after", grace)
		s.shutdown(ctx, time.Second) //nolint:errcheck // the answers of those cut short go out; the rest is closed below
	}
	s.http.Close()
	return nil
}

func (s *Server) shutdown(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return s.http.Shutdown(ctx)
}
