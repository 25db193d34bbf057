package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"sluice/gateway/problem"
)

// server says which hub a command talks to.
type server struct {
	Server string `help:"The operators' door of a hub (${env})." env:"SLUICE_SERVER" default:"http://127.0.0.1:8082" placeholder:"URL"`
	JSON   bool   `help:"Print the hub's answer as JSON, for other programs." name:"json"`
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 20

// remedied is an error with what to do about it.
type remedied struct {
	error
	remedy string
}

func (r *remedied) Remedy() string { return r.remedy }

func (r *remedied) Unwrap() error { return r.error }

// call asks the hub as an operator and reads its answer into out, and as it came into the returned bytes.
func (s *server) call(c *Context, method, path string, query url.Values, body, out any) ([]byte, error) {
	if token, _ := c.Env("SLUICE_TOKEN"); token == "" {
		return nil, &remedied{errors.New("the operators' door wants a token"), "set SLUICE_TOKEN to the token of an operator of sluice.yaml"}
	}
	answer, data, err := s.send(c, time.Minute, method, path, query, body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, refused(answer, data, s.Server)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return nil, fmt.Errorf("%s is no operators' door of a hub: %w", s.Server, err)
	}
	return data, nil
}

// send makes one exchange with the hub, with the operator's token where there is one.
func (s *server) send(c *Context, within time.Duration, method, path string, query url.Values, body any) (*http.Response, []byte, error) {
	base, err := url.Parse(s.Server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, nil, Usagef("--server %q is no http(s) URL", s.Server)
	}
	base = base.JoinPath(path)
	base.RawQuery = query.Encode()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, nil, fmt.Errorf("encoding the call: %w", err)
		}
		payload = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(c.Ctx, method, base.String(), payload)
	if err != nil {
		return nil, nil, fmt.Errorf("making the call: %w", err)
	}
	if token, _ := c.Env("SLUICE_TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Timeout: within, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return nil, nil, &remedied{fmt.Errorf("no hub answers at %s: %w", s.Server, err), "start one by sluice serve, or name another by --server or SLUICE_SERVER"}
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the hub's answer: %w", err)
	}
	return answer, data, nil
}

// refused makes an error of the hub's problem.
func refused(answer *http.Response, data []byte, server string) error {
	var p problem.Body
	if err := json.Unmarshal(data, &p); err != nil || p.Title == "" {
		return fmt.Errorf("%s answered %s, which no operators' door does", server, answer.Status)
	}
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return &remedied{errors.New(text), p.Remedy}
}

// raw prints an answer as it came.
func raw(c *Context, data []byte) error {
	_, err := fmt.Fprintln(c.Out, strings.TrimSpace(string(data)))
	return err
}

// table prints rows in columns; without any it says none.
func table(c *Context, none string, head []string, rows [][]string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(c.Out, none)
		return err
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, row := range rows {
		for i := range row {
			if row[i] == "" {
				row[i] = "-"
			}
			row[i] = strings.Map(printable, row[i])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printable keeps what others wrote from steering the terminal or breaking the table.
func printable(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 {
		return ' '
	}
	return r
}

// more says how the next page is got.
func more(c *Context, next string) {
	if next != "" {
		fmt.Fprintf(c.Out, "there are more: add --cursor %s\n", next)
	}
}

// moment shows a time of which people read the distance.
func moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// cut shortens text for a column.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// put adds a parameter that has a value.
func put(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}
