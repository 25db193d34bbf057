package mappings

import (
	"errors"
	"time"
	_ "time/tzdata" // zones must mean the same on every machine, also where it has no zone files

	"sluice/contracts/shape"
)

var (
	layoutArg   = constantText("layout")
	zoneArg     = constantText("zone")
	dateOrTime  = param{name: "date", accept: acceptDate | acceptDateTime}
	dateTimeArg = param{name: "dateTime", accept: acceptDateTime}
)

func optional(p param) param { p.optional = true; return p }

var dateFunctions = []Function{
	{
		Name: "date", Group: "Dates", Doc: "the date in an agency's layout, or in ISO 8601 without one; of a date and time, its date as written, or in the zone that is given",
		Examples: []Example{
			{`"1980-12-01" | date("dd.MM.yyyy")`, `"01.12.1980"`},
			{`"2024-02-29T23:30:00Z" | date("dd.MM.yyyy", "Europe/Moscow")`, `"01.03.2024"`},
			{`"2024-02-29T23:30:00Z" | date()`, `"2024-02-29"`},
			{`"2024-03-01" | date("d MMMM yyyy")`, `"1 марта 2024"`},
		},
		value: dateOrTime, params: []param{optional(layoutArg), optional(zoneArg)},
		gives: func(c *call) value {
			if c.text(1) == "" || c.text(1) == isoDate {
				return value{shape: dateType}
			}
			return value{shape: textType}
		},
		bind: func(c *call) (operation, error) { return bindFormat(c, isoDate) },
	},
	{
		Name: "dateTime", Group: "Dates", Doc: "the date and time in an agency's layout, in the zone that is given",
		Examples: []Example{{`"2024-05-01T09:30:00Z" | dateTime("dd.MM.yyyy HH:mm:ss", "Europe/Moscow")`, `"01.05.2024 12:30:00"`}},
		value:    dateTimeArg, params: []param{layoutArg, optional(zoneArg)}, gives: always(textType),
		bind: func(c *call) (operation, error) { return bindFormat(c, "") },
	},
	{
		Name: "parseDate", Group: "Dates", Doc: "the date that an agency wrote in its layout, in ISO 8601",
		Examples: []Example{{`"01.12.1980" | parseDate("dd.MM.yyyy")`, `"1980-12-01"`}},
		value:    anyText, params: []param{layoutArg}, gives: always(dateType),
		bind: func(c *call) (operation, error) {
			l, err := parseLayout(c.text(1))
			if err != nil {
				return nil, err
			}
			if !l.hasDate() {
				return nil, errors.New("the layout needs a day, a month and a year")
			}
			return texts(func(s string) (any, error) {
				t, err := l.parse(s, time.UTC)
				if err != nil {
					return nil, err
				}
				return t.Format(time.DateOnly), nil
			}), nil
		},
	},
	{
		Name: "parseDateTime", Group: "Dates", Doc: "the date and time that an agency wrote in its layout and zone, in ISO 8601 with the zone's offset",
		Examples: []Example{{`"01.05.2024 12:30" | parseDateTime("dd.MM.yyyy HH:mm", "Europe/Moscow")`, `"2024-05-01T12:30:00+03:00"`}},
		value:    anyText, params: []param{layoutArg, zoneArg}, gives: always(dateTimeType),
		bind: func(c *call) (operation, error) {
			l, err := parseLayout(c.text(1))
			if err != nil {
				return nil, err
			}
			zone, err := loadZone(c.text(2))
			if err != nil {
				return nil, err
			}
			if !l.hasDate() {
				return nil, errors.New("the layout needs a day, a month and a year")
			}
			return texts(func(s string) (any, error) {
				t, err := l.parse(s, zone)
				if err != nil {
					return nil, err
				}
				return t.Format(time.RFC3339Nano), nil
			}), nil
		},
	},
	{
		Name: "inZone", Group: "Dates", Doc: "the date and time with the offset of a zone; one written without an offset is taken as that zone's own",
		Examples: []Example{
			{`"2024-05-01T09:30:00Z" | inZone("Europe/Moscow")`, `"2024-05-01T12:30:00+03:00"`},
			{`"2024-05-01T09:30:00" | inZone("Asia/Yekaterinburg")`, `"2024-05-01T09:30:00+05:00"`},
		},
		value: dateTimeArg, params: []param{zoneArg}, gives: always(dateTimeType),
		bind: func(c *call) (operation, error) {
			zone, err := loadZone(c.text(1))
			if err != nil {
				return nil, err
			}
			return texts(func(s string) (any, error) {
				t, _, err := parseISO(s, zone)
				if err != nil {
					return nil, err
				}
				return t.In(zone).Format(time.RFC3339Nano), nil
			}), nil
		},
	},
	{
		Name: "startOfDay", Group: "Dates", Doc: "midnight at the start of the date in a zone, as date and time",
		Examples: []Example{{`"2024-05-01" | startOfDay("Europe/Moscow")`, `"2024-05-01T00:00:00+03:00"`}},
		value:    param{name: "date", accept: acceptDate}, params: []param{zoneArg}, gives: always(dateTimeType),
		bind: func(c *call) (operation, error) { return bindDay(c, 0, 0, 0) },
	},
	{
		Name: "endOfDay", Group: "Dates", Doc: "the last second of the date in a zone, as date and time",
		Examples: []Example{{`"2024-05-01" | endOfDay("Europe/Moscow")`, `"2024-05-01T23:59:59+03:00"`}},
		value:    param{name: "date", accept: acceptDate}, params: []param{zoneArg}, gives: always(dateTimeType),
		bind: func(c *call) (operation, error) { return bindDay(c, 23, 59, 59) },
	},
	{
		Name: "isBefore", Group: "Dates", Doc: "whether one date, or date and time, lies before another of the same sort",
		Examples: []Example{{`"1980-12-01" | isBefore("2007-01-01")`, "true"}},
		value:    dateOrTime, params: []param{{name: "other", accept: acceptDate | acceptDateTime}}, gives: always(boolType),
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				a, timeA, err := parseISO(asText(args[0]), time.UTC)
				if err != nil {
					return nil, err
				}
				b, timeB, err := parseISO(asText(args[1]), time.UTC)
				if err != nil {
					return nil, err
				}
				if timeA != timeB {
					return nil, errors.New("a date can't be compared with a date and time")
				}
				return a.Before(b), nil
			}, nil
		},
	},
}

func bindDay(c *call, hour, minute, second int) (operation, error) {
	zone, err := loadZone(c.text(1))
	if err != nil {
		return nil, err
	}
	return texts(func(s string) (any, error) {
		t, _, err := parseISO(s, time.UTC)
		if err != nil {
			return nil, err
		}
		return time.Date(t.Year(), t.Month(), t.Day(), hour, minute, second, 0, zone).Format(time.RFC3339), nil
	}), nil
}

// bindFormat makes date and dateTime: a layout and a zone, each of which may be left out.
func bindFormat(c *call, layout string) (operation, error) {
	if s := c.text(1); s != "" {
		layout = s
	}
	l, err := parseLayout(layout)
	if err != nil {
		return nil, err
	}
	if accepts(acceptDate, c.args[0]) && c.args[0].shape.Kind == shape.String && l.hasTime() {
		return nil, errors.New("a date has no time of day to write")
	}
	var zone *time.Location
	if len(c.args) > 2 {
		if zone, err = loadZone(c.text(2)); err != nil {
			return nil, err
		}
	}
	return texts(func(s string) (any, error) {
		if zone == nil && len(s) == len(isoDate) {
			if out, ok := l.formatDate(s); ok {
				return out, nil
			}
		}
		t, hasTime, err := parseISO(s, orUTC(zone))
		if err != nil {
			return nil, err
		}
		if zone != nil && hasTime {
			t = t.In(zone)
		}
		return l.format(t), nil
	}), nil
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errors.New(`a zone must be named, such as "Europe/Moscow"`)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, errors.New("unknown time zone " + quote(name) + `: zones are named as "Europe/Moscow"`)
	}
	return zone, nil
}
