package cli

import (
	"fmt"
	"net/url"
	"strconv"

	"sluice/contracts/canonical"
	"sluice/gateway/console"
)

// DeliveriesCmd is what operators do with deliveries.
type DeliveriesCmd struct {
	List   DeliveriesListCmd   `cmd:"" help:"List deliveries: what each waits for, since when, next try, last answer."`
	Causes DeliveriesCausesCmd `cmd:"" help:"Count what is dead or unconfirmed by its cause."`
	Replay DeliveriesReplayCmd `cmd:"" help:"Send dead deliveries again, mapped anew by today's mapping."`
}

// DeliveriesListCmd lists deliveries.
type DeliveriesListCmd struct {
	server
	Waiting  bool   `help:"Only those that wait to be sent, in the order of their turn."`
	State    string `help:"queued, sending, retrying, unconfirmed, registered, rejected, dead or cancelled." placeholder:"STATE"`
	Agency   string `help:"To this agency." placeholder:"NAME"`
	Endpoint string `help:"To this endpoint of the agency." placeholder:"NAME"`
	Class    string `help:"Whose last error has this class: transient, permanent, rejected, ambiguous." placeholder:"CLASS"`
	Code     string `help:"Whose last error has this code." placeholder:"CODE"`
	Limit    int    `help:"At most so many, 1 to 200." default:"50"`
	Cursor   string `help:"Go on where the page before ended." placeholder:"CURSOR"`
}

// Help explains the command.
func (*DeliveriesListCmd) Help() string {
	return `Examples:

    sluice deliveries list --waiting
    sluice deliveries list --state dead --agency zags
    sluice deliveries list --state unconfirmed --json`
}

// Run prints a table.
func (l *DeliveriesListCmd) Run(c *Context) error {
	q := url.Values{"limit": {strconv.Itoa(l.Limit)}}
	if l.Waiting {
		q.Set("waiting", "true")
	}
	put(q, "state", l.State)
	put(q, "agency", l.Agency)
	put(q, "endpoint", l.Endpoint)
	put(q, "class", l.Class)
	put(q, "code", l.Code)
	put(q, "cursor", l.Cursor)
	var page console.DeliveryPage
	data, err := l.call(c, "GET", "/v1/deliveries", q, nil, &page)
	if err != nil || l.JSON {
		return orRaw(c, data, err)
	}
	rows := make([][]string, len(page.Items))
	for i, d := range page.Items {
		last := ""
		if d.LastAnswer != nil {
			last = d.LastAnswer.Class + " " + d.LastAnswer.Code + " " + cut(d.LastAnswer.Text, 50)
		}
		rows[i] = []string{d.ID, d.Agency + "/" + d.Endpoint, d.Kind, d.State, d.WaitingFor, moment(d.Since), moment(d.NextTry), strconv.Itoa(d.Attempts), last}
	}
	head := []string{"DELIVERY", "TO", "KIND", "STATE", "WAITS FOR", "SINCE", "NEXT TRY", "ATTEMPTS", "LAST ANSWER"}
	if err := table(c, "no such deliveries", head, rows); err != nil {
		return err
	}
	more(c, page.Next)
	return nil
}

// DeliveriesCausesCmd counts causes.
type DeliveriesCausesCmd struct{ server }

// Run prints a table.
func (x *DeliveriesCausesCmd) Run(c *Context) error {
	var list console.CauseList
	data, err := x.call(c, "GET", "/v1/causes", nil, nil, &list)
	if err != nil || x.JSON {
		return orRaw(c, data, err)
	}
	rows := make([][]string, len(list.Items))
	for i, cause := range list.Items {
		rows[i] = []string{cause.Agency, cause.State, cause.Class, cause.Code, strconv.Itoa(cause.Count)}
	}
	return table(c, "nothing is dead or unconfirmed", []string{"AGENCY", "STATE", "CLASS", "CODE", "COUNT"}, rows)
}

// DeliveriesReplayCmd sends deliveries again.
type DeliveriesReplayCmd struct {
	server
	IDs []string `arg:"" name:"id" help:"The deliveries' ids."`
}

// Help explains the command.
func (*DeliveriesReplayCmd) Help() string {
	return `What was recorded of the delivery stays. To replay an unconfirmed delivery is to decide that the agency does not have it:
ask the agency first.

Example:

    sluice deliveries replay 0198c1d2-8f2a-7c31-b7a4-9a8e2f1c0d3e.1`
}

// Run replays one after the other and goes on after a failure, which makes the exit code 1.
func (x *DeliveriesReplayCmd) Run(c *Context) error {
	failed := 0
	for _, id := range x.IDs {
		var d canonical.DeliveryView
		data, err := x.call(c, "POST", "/v1/deliveries/"+url.PathEscape(id)+"/replay", nil, nil, &d)
		switch {
		case err != nil && len(x.IDs) == 1:
			return err
		case err != nil:
			fmt.Fprintf(c.Err, "sluice: %s: %v\n", id, err)
			failed++
		case x.JSON:
			if err := raw(c, data); err != nil {
				return err
			}
		default:
			fmt.Fprintf(c.Out, "delivery %s is %s%s\n", d.ID, d.State, waiting(d))
		}
	}
	if failed > 0 {
		fmt.Fprintf(c.Err, "sluice: %d of %d were not replayed\n", failed, len(x.IDs))
		return ErrFindings
	}
	return nil
}
