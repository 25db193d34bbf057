package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"sluice/contracts/canonical"
)

// portal calls the hub as a portal does.
type portal struct {
	url    string
	client http.Client
}

// submit sends a canonical request and returns its view.
func (p *portal) submit(ctx context.Context, key string, body []byte) (canonical.RequestView, error) {
	return p.call(ctx, http.MethodPost, "/v1/requests", key, body, http.StatusAccepted)
}

// show asks how a request is.
func (p *portal) show(ctx context.Context, id string) (canonical.RequestView, error) {
	return p.call(ctx, http.MethodGet, "/v1/requests/"+id, "", nil, http.StatusOK)
}

func (p *portal) call(ctx context.Context, method, path, key string, body []byte, want int) (v canonical.RequestView, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return v, err
	}
	req.Header.Set("Authorization", "Bearer "+PortalToken)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return v, err
	}
	if resp.StatusCode != want {
		return v, fmt.Errorf("%s %s answered %s: %s", method, path, resp.Status, answer)
	}
	return v, json.Unmarshal(answer, &v)
}
