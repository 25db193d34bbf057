package rabbit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// broker is one address of the cluster.
type broker struct {
	url  string // holds the password: it is shown nowhere
	name string // what is shown of it
}

// parse reads URLs with commas between. Its errors show nothing of them but host and port.
func parse(urls string) (brokers []broker, err error) {
	for i, text := range strings.Split(urls, ",") {
		text = strings.TrimSpace(text)
		uri, err := amqp.ParseURI(text)
		if err != nil || strings.Contains(uri.Vhost, "@") || strings.ContainsAny(uri.Host, "@,") {
			return nil, fmt.Errorf("broker URL number %d can't be read: write amqp://user:password@host:5672/vhost, or amqps:// for TLS, "+
				"with each of : / ? # [ ] @ , %% in user and password as %%XX", i+1)
		}
		name := net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))
		if uri.Vhost != "/" {
			name += "/" + uri.Vhost
		}
		brokers = append(brokers, broker{url: text, name: name})
	}
	return brokers, nil
}

const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 10 * time.Second // a refused password takes the broker some seconds
	writeTimeout     = 20 * time.Second
	closeTimeout     = 2 * time.Second
)

// dial connects. The URL is read anew each time, and with it the credentials: the library blanks those it has used.
func (b broker) dial(ctx context.Context, name string, heartbeat time.Duration) (*amqp.Connection, error) {
	unwatch := func() bool { return true }
	defer func() { unwatch() }()
	conn, err := amqp.DialConfig(b.url, amqp.Config{
		Heartbeat:  heartbeat,
		Properties: amqp.Table{"product": "Sluice", "connection_name": "sluice " + name},
		Dial: func(network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			unwatch = context.AfterFunc(ctx, func() { conn.Close() })
			return impatient{conn}, conn.SetDeadline(time.Now().Add(handshakeTimeout)) // cleared by the library
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the broker %s: %w", b.name, err)
	}
	return conn, nil
}

// impatient gives a connection up whose other side doesn't read.
type impatient struct{ net.Conn }

func (c impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// hang closes a connection, politely if the broker answers.
func hang(conn *amqp.Connection) {
	conn.CloseDeadline(time.Now().Add(closeTimeout)) //nolint:errcheck // it is closed in any case
}

// Unreachable is a broker that could not be used, with what to do about it.
type Unreachable struct {
	Broker string // host:port, and the virtual host if it is not the default
	Err    error
	Remedy string
}

func (u *Unreachable) Error() string { return u.Err.Error() }

func (u *Unreachable) Unwrap() error { return u.Err }

// Check tries each broker in turn and tells which can't be used, and of how many. The error is about the URLs.
func Check(ctx context.Context, urls string) (bad []*Unreachable, of int, err error) {
	brokers, err := parse(urls)
	if err != nil {
		return nil, 0, err
	}
	for _, b := range brokers {
		conn, err := b.dial(ctx, "check", 0)
		if err == nil {
			hang(conn)
			continue
		}
		bad = append(bad, &Unreachable{Broker: b.name, Err: err, Remedy: remedy(err)})
	}
	return bad, len(brokers), nil
}

func remedy(err error) string {
	var refused *amqp.Error
	switch {
	case errors.As(err, &refused) && refused.Code == amqp.AccessRefused:
		return "correct user and password in the URL, or make the user: rabbitmqctl add_user, rabbitmqctl set_permissions"
	case errors.As(err, &refused) && refused.Code == amqp.NotAllowed:
		return "correct the virtual host in the URL, or make it and let the user in: rabbitmqctl add_vhost, rabbitmqctl set_permissions"
	}
	return "start RabbitMQ there, or correct the address in the URL; the hub itself would start and wait for it"
}
