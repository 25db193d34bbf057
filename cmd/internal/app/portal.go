package app

import "net/http"

func (a *App) portal(*door) http.Handler { return http.NotFoundHandler() }
