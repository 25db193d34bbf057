package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"sluice/gateway/problem"
)

// guarded answers 500 when a handler panics: one caller's trouble, with the stack in the log and nothing of it
// outside.
func guarded(door string, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
				panic(p)
			}
			// The panic's value may hold what a citizen wrote; its type does not.
			log.ErrorContext(r.Context(), "a handler panicked", "door", door, "path", r.URL.Path, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			problem.Write(w, r, problem.New(problem.Internal))
		}()
		next.ServeHTTP(w, r)
	})
}
