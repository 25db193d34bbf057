package xsd

type Validator struct{}

func (s *Schema) Validator() (*Validator, error)        { return s.validator() }
func (s *Schema) compileValidator() (*Validator, error) { return nil, nil }
func (v *Validator) Validate(xml []byte) error          { return nil }
