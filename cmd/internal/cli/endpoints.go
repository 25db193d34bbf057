package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"sluice/gateway/console"
)

// EndpointsCmd is what operators do with agencies' endpoints.
type EndpointsCmd struct {
	List    EndpointsListCmd    `cmd:"" help:"List endpoints: health, since when, what waits."`
	Hold    EndpointsHoldCmd    `cmd:"" help:"Stop sending to an endpoint until it is released."`
	Release EndpointsReleaseCmd `cmd:"" help:"Go on sending: ends a hold and closes an open breaker."`
}

// EndpointsListCmd lists endpoints.
type EndpointsListCmd struct{ server }

// Run prints a table.
func (x *EndpointsListCmd) Run(c *Context) error {
	var list console.EndpointList
	data, err := x.call(c, "GET", "/v1/endpoints", nil, nil, &list)
	if err != nil || x.JSON {
		return orRaw(c, data, err)
	}
	rows := make([][]string, len(list.Items))
	for i, e := range list.Items {
		why := e.Reason
		if e.By != "" && e.Reason == "operator" {
			why += " " + e.By
		}
		rows[i] = []string{e.Agency + "/" + e.Endpoint, e.Health, why, moment(e.Since), moment(e.Until), strconv.Itoa(e.Waiting), strconv.Itoa(e.InFlight), cut(e.Text, 60)}
	}
	return table(c, "no endpoints", []string{"ENDPOINT", "HEALTH", "BECAUSE OF", "SINCE", "NEXT TRY", "WAITING", "IN FLIGHT", "WHY"}, rows)
}

// EndpointsHoldCmd holds an endpoint.
type EndpointsHoldCmd struct {
	server
	Endpoint string `arg:"" help:"agency/endpoint, as endpoints list names it."`
	Reason   string `help:"Why; other operators will read it." required:"" placeholder:"TEXT"`
}

// Help explains the command.
func (*EndpointsHoldCmd) Help() string {
	return `Attempts that are under way end; nothing else is sent, and no attempt is burned. The portals get one agency.down.

Example:

    sluice endpoints hold zags/moscow --reason "their database moves until 06:00"`
}

// Run holds.
func (x *EndpointsHoldCmd) Run(c *Context) error {
	return x.change(c, x.Endpoint, "hold", map[string]string{"reason": x.Reason})
}

// EndpointsReleaseCmd releases an endpoint.
type EndpointsReleaseCmd struct {
	server
	Endpoint string `arg:"" help:"agency/endpoint, as endpoints list names it."`
}

// Run releases.
func (x *EndpointsReleaseCmd) Run(c *Context) error {
	return x.change(c, x.Endpoint, "release", nil)
}

func (s *server) change(c *Context, endpoint, verb string, body any) error {
	agency, name, ok := strings.Cut(endpoint, "/")
	if !ok || agency == "" || name == "" {
		return Usagef("%q is no endpoint; write agency/endpoint, such as zags/moscow", endpoint)
	}
	var changed struct{ Agency, Endpoint, State string }
	data, err := s.call(c, "POST", "/v1/endpoints/"+url.PathEscape(agency)+"/"+url.PathEscape(name)+"/"+verb, nil, body, &changed)
	if err != nil || s.JSON {
		return orRaw(c, data, err)
	}
	fmt.Fprintf(c.Out, "%s/%s is %s\n", changed.Agency, changed.Endpoint, changed.State)
	return nil
}
