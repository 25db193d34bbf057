package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway/console"
)

// RequestsCmd is what operators do with requests.
type RequestsCmd struct {
	List   RequestsListCmd   `cmd:"" help:"List requests, the newest first."`
	Show   RequestsShowCmd   `cmd:"" help:"Show one request: deliveries, attempts, statuses."`
	Cancel RequestsCancelCmd `cmd:"" help:"Withdraw a request."`
}

// RequestsListCmd lists requests.
type RequestsListCmd struct {
	server
	Client  string    `help:"Of this portal client." placeholder:"NAME"`
	Service string    `help:"For this service." placeholder:"NAME"`
	Agency  string    `help:"Routed to this agency." placeholder:"NAME"`
	State   string    `help:"open or closed." enum:"open,closed," default:""`
	Status  string    `help:"With this business status in force, such as in_progress." placeholder:"STATUS"`
	Portal  string    `help:"With this id of the portal's own." name:"portal-id" placeholder:"ID"`
	Since   time.Time `help:"Accepted at or after this time (RFC 3339)." placeholder:"TIME"`
	Limit   int       `help:"At most so many, 1 to 200." default:"50"`
	Cursor  string    `help:"Go on where the page before ended." placeholder:"CURSOR"`
}

// Help explains the command.
func (*RequestsListCmd) Help() string {
	return `Examples:

    sluice requests list --state open --agency zags
    sluice requests list --since 2026-01-31T00:00:00Z --json`
}

// Run prints a table.
func (l *RequestsListCmd) Run(c *Context) error {
	q := url.Values{"limit": {strconv.Itoa(l.Limit)}}
	put(q, "client", l.Client)
	put(q, "service", l.Service)
	put(q, "agency", l.Agency)
	put(q, "state", l.State)
	put(q, "status", l.Status)
	put(q, "portalId", l.Portal)
	put(q, "cursor", l.Cursor)
	if !l.Since.IsZero() {
		q.Set("since", l.Since.Format(time.RFC3339))
	}
	var page canonical.RequestPage
	data, err := l.call(c, "GET", "/v1/requests", q, nil, &page)
	if err != nil || l.JSON {
		return orRaw(c, data, err)
	}
	rows := make([][]string, len(page.Items))
	for i, r := range page.Items {
		state := r.State
		if r.Outcome != "" {
			state += ": " + r.Outcome
		}
		rows[i] = []string{r.ID, r.PortalID, r.Service, r.Agency, state, string(r.Status), moment(&r.AcceptedAt)}
	}
	if err := table(c, "no such requests", []string{"REQUEST", "PORTAL ID", "SERVICE", "AGENCY", "STATE", "STATUS", "ACCEPTED"}, rows); err != nil {
		return err
	}
	more(c, page.Next)
	return nil
}

func orRaw(c *Context, data []byte, err error) error {
	if err != nil {
		return err
	}
	return raw(c, data)
}

// RequestsShowCmd shows one request.
type RequestsShowCmd struct {
	server
	ID string `arg:"" help:"The request's id."`
}

// Run prints the request, its deliveries with every attempt, and its statuses.
func (s *RequestsShowCmd) Run(c *Context) error {
	var r console.RequestDetail
	data, err := s.call(c, "GET", "/v1/requests/"+url.PathEscape(s.ID), nil, nil, &r)
	if err != nil || s.JSON {
		return orRaw(c, data, err)
	}
	state := r.State
	if r.Outcome != "" {
		state += ": " + r.Outcome
	}
	fmt.Fprintf(c.Out, "request   %s (the portal's %s)\nservice   %s %s, to %s, %s\nstate     %s\naccepted  %s\n", r.ID, r.PortalID,
		r.Service, r.ServiceVersion, r.Agency, r.Priority, state, moment(&r.AcceptedAt))
	if r.ClosedAt != nil {
		fmt.Fprintf(c.Out, "closed    %s\n", moment(r.ClosedAt))
	}
	for _, d := range r.Deliveries {
		fmt.Fprintf(c.Out, "\ndelivery %s (%s) to %s/%s: %s", d.ID, d.Kind, d.Agency, d.Endpoint, d.State)
		if d.ExternalID != "" {
			fmt.Fprintf(c.Out, ", the agency's number %s", d.ExternalID)
		}
		fmt.Fprintln(c.Out, waiting(d))
		if err := s.attempts(c, r.Attempts[d.ID]); err != nil {
			return err
		}
		if a := d.LastAnswer; a != nil && a.Remedy != nil && d.State != "registered" {
			fmt.Fprintf(c.Out, "  what to do: %s\n", a.Remedy.EN)
		}
	}
	rows := make([][]string, len(r.Statuses))
	for i, st := range r.Statuses {
		rows[i] = []string{moment(&st.At), string(st.Code), st.Raw, st.Agency, st.Source, st.Comment}
	}
	fmt.Fprintln(c.Out)
	return table(c, "no statuses yet", []string{"AT", "STATUS", "AGENCY'S CODE", "AGENCY", "BY", "COMMENT"}, rows)
}

func (s *RequestsShowCmd) attempts(c *Context, attempts []console.AttemptView) error {
	rows := make([][]string, len(attempts))
	for i, a := range attempts {
		status := ""
		if a.HTTPStatus != 0 {
			status = strconv.Itoa(a.HTTPStatus)
		}
		rows[i] = []string{"  " + strconv.Itoa(a.N), a.What, moment(&a.StartedAt), a.EndedAt.Sub(a.StartedAt).Round(time.Millisecond).String(), a.Class, a.Code, status, a.Text}
	}
	return table(c, "  not sent yet", []string{"  N", "WHAT", "AT", "TOOK", "CLASS", "CODE", "HTTP", "TEXT"}, rows)
}

// waiting says what a delivery waits for, since when, and when it is tried next.
func waiting(d canonical.DeliveryView) string {
	if d.WaitingFor == "" {
		return ""
	}
	s := "; waits for " + d.WaitingFor
	if d.Since != nil {
		s += " since " + moment(d.Since)
	}
	if d.NextTry != nil {
		s += ", next try " + moment(d.NextTry)
	}
	return s
}

// RequestsCancelCmd withdraws a request.
type RequestsCancelCmd struct {
	server
	ID     string `arg:"" help:"The request's id."`
	Reason string `help:"Why; the agency may read it." required:"" placeholder:"TEXT"`
}

// Run says what became of the request.
func (x *RequestsCancelCmd) Run(c *Context) error {
	var r canonical.RequestView
	data, err := x.call(c, "POST", "/v1/requests/"+url.PathEscape(x.ID)+"/cancel", nil, map[string]string{"reason": x.Reason}, &r)
	if err != nil || x.JSON {
		return orRaw(c, data, err)
	}
	if r.State == "open" {
		fmt.Fprintf(c.Out, "request %s is being withdrawn: the agency has it and is asked to drop it\n", r.ID)
		return nil
	}
	fmt.Fprintf(c.Out, "request %s is closed: %s\n", r.ID, r.Outcome)
	return nil
}
