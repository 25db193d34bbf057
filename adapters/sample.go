package adapters

import "sluice/contracts/tree"

// Sampler is a Codec that can make up messages of its contract, and hold messages against all of it: what lint needs.
type Sampler interface {
	Codec
	// Samples makes trees of valid messages, the same for one seed; gaps say what could not be made.
	Samples(seed uint64) (trees []*tree.Object, gaps []string)
	// Validate holds a tree that Append has written against every rule of the contract, by a validator that shares
	// nothing with the codec. Errors begin with the path of the place.
	Validate(message *tree.Object) error
}
