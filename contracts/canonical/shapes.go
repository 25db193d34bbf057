package canonical

import "sluice/contracts/shape"

// StatusShape is what a mapping of one status may yield.
func StatusShape() *shape.Type { return statusShape(nil) }

// ReceiptShape is the target of receipt and status mappings.
func ReceiptShape() *shape.Type {
	return statusShape([]shape.Field{{Name: "externalId", Type: &shape.Type{Kind: shape.String}, Doc: "the agency's registration number"}})
}

// PushShape is the target of push mappings.
func PushShape() *shape.Type {
	return statusShape([]shape.Field{
		{Name: "externalId", Type: &shape.Type{Kind: shape.String}, Doc: "the agency's registration number"},
		{Name: "messageId", Type: &shape.Type{Kind: shape.String}, Doc: "our message id, where the agency returns it"},
	})
}

// PushResultShape is `result` of ack mappings: what the hub made of a push.
func PushResultShape() *shape.Type {
	return &shape.Type{Kind: shape.Object, Name: "push result", Fields: []shape.Field{
		{Name: "outcome", Required: true, Type: &shape.Type{Kind: shape.String, Enum: []string{"applied", "duplicate", "kept", "refused"}}},
		{Name: "requestId", Type: &shape.Type{Kind: shape.String}},
		{Name: "code", Type: &shape.Type{Kind: shape.String}, Doc: "of a refused push: why, from the error table"},
		{Name: "text", Type: &shape.Type{Kind: shape.String}, Doc: "of a refused push: why, in words"},
	}}
}

// statusShape is an object with lead, the fields of one status, and — where lead makes it a receipt or a push — statuses.
func statusShape(lead []shape.Field) *shape.Type {
	text := &shape.Type{Kind: shape.String}
	moment := &shape.Type{Kind: shape.String, Format: shape.DateTime}
	codes := &shape.Type{Kind: shape.String, Name: "status"}
	for _, c := range StatusCodes() {
		codes.Enum = append(codes.Enum, string(c))
	}
	object := func(name string, fields ...shape.Field) *shape.Type {
		return &shape.Type{Kind: shape.Object, Name: name, Fields: fields}
	}
	single := len(lead) == 0
	fields := append(lead,
		shape.Field{Name: "status", Type: codes, Required: single},
		shape.Field{Name: "rawStatus", Type: text, Doc: "the agency's own code"},
		shape.Field{Name: "at", Type: moment, Doc: "by the agency's clock"},
		shape.Field{Name: "officer", Type: object("officer",
			shape.Field{Name: "name", Type: text, Required: true},
			shape.Field{Name: "position", Type: text},
			shape.Field{Name: "phone", Type: text})},
		shape.Field{Name: "unit", Type: object("unit",
			shape.Field{Name: "code", Type: text},
			shape.Field{Name: "name", Type: text, Required: true})},
		shape.Field{Name: "comment", Type: text},
		shape.Field{Name: "missing", Type: &shape.Type{Kind: shape.List, Elem: object("missing document",
			shape.Field{Name: "type", Type: text},
			shape.Field{Name: "title", Type: text, Required: true})}},
		shape.Field{Name: "until", Type: moment},
		shape.Field{Name: "reason", Type: text},
	)
	if single {
		return object("status", fields...)
	}
	return object("statuses", append(fields, shape.Field{Name: "statuses", Type: &shape.Type{Kind: shape.List, Elem: StatusShape()}})...)
}
