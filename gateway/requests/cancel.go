package requests

import (
	"context"
	"errors"

	"sluice/contracts/canonical"
	"sluice/gateway"
)

// Cancel withdraws a request; client "" is an operator. What no agency has is cancelled at once; an agency that has
// it is told, where it takes withdrawals. Asking again changes nothing and is answered as before.
func (s *Service) Cancel(ctx context.Context, client, id, reason string) (canonical.RequestView, error) {
	if _, err := s.find(ctx, client, id); err != nil {
		return canonical.RequestView{}, err
	}
	now := s.c.Now()
	var became gateway.Withdrawal
	r, err := s.c.Store.Update(ctx, id, func(r *gateway.Request) (err error) {
		became, err = r.Withdraw(reason, now)
		return err
	})
	if errors.Is(err, gateway.ErrClosed) {
		r, found := s.find(ctx, client, id)
		if found == nil && r.Outcome == gateway.OutcomeCancelled {
			return s.view(r), nil
		}
	}
	if err != nil {
		return canonical.RequestView{}, failed(err)
	}
	if became == gateway.WithdrawnNow {
		s.c.Engine.Forget(id)
	}
	s.c.Log.Info("cancel", "request", id, "client", client, "became", became)
	return s.view(r), nil
}
