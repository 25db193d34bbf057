package requests

import (
	"context"

	"sluice/contracts/canonical"
	"sluice/gateway"
)

// Cancel withdraws a request; client "" is an operator. What no agency has is cancelled at once; an agency that has
// it is told, where it takes withdrawals. Asking twice changes nothing.
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
	if err != nil {
		return canonical.RequestView{}, failed(err)
	}
	if became == gateway.WithdrawnNow {
		s.c.Engine.Forget(id)
	}
	s.c.Log.Info("cancel", "request", id, "client", client, "became", became)
	return s.view(r), nil
}
