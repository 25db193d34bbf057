package events

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/adapters/exchange"
	"sluice/gateway/store"
)

// Webhook is one client's receiver. Make it by NewWebhook.
type Webhook struct {
	URL    string
	Client *http.Client // nil takes the publisher's

	key []byte
}

// maxReply bounds what is read of a receiver's reply, in bytes: enough for the connection to be used again.
const maxReply = 64 << 10

// NewWebhook makes a receiver. The secret is that of Standard Webhooks: whsec_ and base64 of 24 to 64 bytes.
func NewWebhook(url, secret string) (*Webhook, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, errors.New("the webhook's secret is not whsec_ and base64")
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("the webhook's secret has %d bytes; it takes 24 to 64", len(key))
	}
	return &Webhook{URL: url, key: key}, nil
}

// sign is the header webhook-signature (Standard Webhooks 1.0, symmetric).
func (w *Webhook) sign(id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, w.key)
	for _, part := range [][]byte{[]byte(id), []byte("."), []byte(timestamp), []byte("."), body} {
		mac.Write(part)
	}
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post tells one event within the time. nil means that the receiver took it.
func (w *Webhook) post(ctx context.Context, e *store.Outgoing, now time.Time, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(e.Body))
	if err != nil {
		return err
	}
	req.GetBody = nil // the transport must not send again by itself: the attempt would not be counted
	timestamp := strconv.FormatInt(now.Unix(), 10)
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	req.Header.Set("User-Agent", "sluice")
	req.Header.Set("Webhook-Id", e.ID)
	req.Header.Set("Webhook-Timestamp", timestamp)
	req.Header.Set("Webhook-Signature", w.sign(e.ID, timestamp, e.Body))
	resp, err := w.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply)) // the status has decided
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		return &refusal{resp.Status, exchange.RetryAfter(resp.Header, now)}
	}
	return &refusal{status: resp.Status}
}

// refusal is an answer of the receiver other than that it took the event.
type refusal struct {
	status string
	after  time.Duration // when it wishes to be asked again; 0: it does not say
}

func (r *refusal) Error() string { return "the webhook answered " + r.status }
