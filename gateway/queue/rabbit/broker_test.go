package rabbit_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sluice/gateway/queue/rabbit"
	"sluice/gateway/queue/rabbit/rabbittest"
)

func TestURLs(t *testing.T) {
	for _, urls := range []string{
		"", "localhost", "http://localhost", "amqp://sluice:s3cret/x@localhost", "amqp://sluice:s3cret@localhost,", "amqp://sluice:s3cret%@localhost",
		"amqp://sluice:s3cret@local host", "amqp://sluice:s3cret@localhost:port", "amqp://localhost,https://sluice:s3cret@localhost",
	} {
		q, err := rabbit.Open(rabbit.Config{URLs: urls})
		if err == nil {
			q.Close() //nolint:errcheck // nil
			t.Errorf("took %q", urls)
			continue
		}
		noPassword(t, err.Error())
		if !strings.Contains(err.Error(), "write amqp://user:password@host") {
			t.Errorf("%q: %v", urls, err)
		}
	}
}

// TestCheck tries brokers that can't be used, each for a reason of its own, beside one that can.
func TestCheck(t *testing.T) {
	broker := rabbittest.Get(t)
	good := broker.URL(broker.Address)
	stranger := url.URL{Scheme: "amqp", User: url.UserPassword("stranger", "s3cret"), Host: broker.Address}
	nobody := newProxy(t, "127.0.0.1:1")
	nobody.Close()
	for _, row := range []struct{ name, url, err, remedy string }{
		{"nobody there", broker.URL(nobody.Addr().String()), "connection refused", "start RabbitMQ there"},
		{"unknown user", stranger.String(), "username or password not allowed", "correct user and password"},
		{"unknown virtual host", good + "nowhere", "vhost nowhere not found", "correct the virtual host"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bad, of, err := rabbit.Check(t.Context(), good+","+row.url)
			if err != nil || of != 2 || len(bad) != 1 {
				t.Fatalf("%d of %d, %v", len(bad), of, err)
			}
			noPassword(t, bad[0].Error()+bad[0].Remedy)
			if !strings.Contains(bad[0].Error(), row.err) || !strings.Contains(bad[0].Error(), bad[0].Broker) || !strings.HasPrefix(bad[0].Remedy, row.remedy) {
				t.Errorf("got %v, %s", bad[0], bad[0].Remedy)
			}
		})
	}
	if bad, _, err := rabbit.Check(t.Context(), good); len(bad) > 0 || err != nil {
		t.Errorf("a good broker: %v, %v", bad, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if bad, _, _ := rabbit.Check(ended, good); len(bad) != 1 {
		t.Error("went on after its context")
	}
}
