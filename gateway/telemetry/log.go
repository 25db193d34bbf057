// Package telemetry is how the hub tells people and machines what it does: structured logs and Prometheus metrics.
// Neither ever holds personal data: logs name things by id, labels only by names out of manifests and tables.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
)

// NewLog makes the hub's logger. level is debug, info, warn or error; format is text (for people) or json.
func NewLog(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("setting up the log: %w", err)
	}
	options := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("setting up the log: %q is no format; text and json are", format)
}
