package rabbit

import (
	"encoding/json"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
)

// maxBody bounds a message of ours, in bytes.
const maxBody = 1 << 10

func encode(m queue.Message, id string) (amqp.Publishing, error) {
	body, err := json.Marshal(m)
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("a message of %d bytes is larger than %d", len(body), maxBody)
	}
	return amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, MessageId: id, Body: body}, err
}

// decode reads a message. Keys it doesn't know are another version's, and no reason to refuse it.
func decode(body []byte) (m queue.Message, err error) {
	if len(body) > maxBody {
		return m, fmt.Errorf("its %d bytes are more than any of ours has", len(body))
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, errors.New("it is not the JSON of a message of ours") // the error would quote it
	}
	if m.DeliveryID == "" {
		return m, errors.New("it names no delivery")
	}
	return m, nil
}
