package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// HealthCmd asks a hub whether it can serve.
type HealthCmd struct {
	server
}

// Help explains the command.
func (*HealthCmd) Help() string {
	return `Exit code 0 when the hub can serve, also where an agency was left out; 1 when it can't or does not answer. It needs no
token; with an operator's in SLUICE_TOKEN it says why. Made for a container's health check.`
}

// Run prints each check.
func (h *HealthCmd) Run(c *Context) error {
	answer, data, err := h.send(c, 5*time.Second, http.MethodGet, "/readyz", nil, nil)
	if err != nil {
		return err
	}
	var health struct {
		Status string
		Checks []struct {
			Name, Detail string
			OK           bool
		}
	}
	if err := json.Unmarshal(data, &health); err != nil || health.Status == "" {
		return fmt.Errorf("%s answered %s, which no operators' door does", h.Server, answer.Status)
	}
	if h.JSON {
		err = raw(c, data)
	} else {
		rows := make([][]string, len(health.Checks))
		for i, check := range health.Checks {
			state := "ok"
			if !check.OK {
				state = "fails"
			}
			rows[i] = []string{check.Name, state, check.Detail}
		}
		err = table(c, "no checks", []string{"CHECK", "STATE", "WHY"}, rows)
	}
	if answer.StatusCode != http.StatusOK {
		return errors.Join(err, fmt.Errorf("the hub at %s is %s", h.Server, health.Status))
	}
	return err
}
