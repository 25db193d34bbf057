package agencysim

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Chaos is what goes wrong by chance. Chance is a function of the seed and the message, never of time or order,
// so that a run can be repeated; only the outages follow the clock.
type Chaos struct {
	Rate     float64       // share of exchanges that meet one of Kinds, 0 to 1
	Kinds    []Kind        // nil is DefaultChaos
	PushRate float64       // share of requests whose pushes meet one of PushKinds
	PushKind []Kind        // nil is every kind of push fault
	Delay    time.Duration // of slow and hang; 0 is 200 ms

	OutageEvery time.Duration // an agency fails this often, on average; 0 is never
	OutageFor   time.Duration // how long, at most; 0 is 2 s
}

// DefaultChaos are the faults that an agency shows in an ordinary bad week.
var DefaultChaos = []Kind{Slow, Drop, HTTP500, HTTP503, Fault200, HTML, Lost, Reset, Truncated}

func (c Chaos) pick(seed uint64, x exchange, kinds []Kind) *armed {
	rate, all, salt := c.Rate, c.Kinds, uint64(1<<62)
	if all == nil {
		all = DefaultChaos
	}
	if slices.Contains(kinds, PushNever) {
		salt = 1 << 63 // else a faulty answer and faulty pushes would always come together
		if rate, all = c.PushRate, c.PushKind; all == nil {
			all = pushKinds
		}
	}
	if rate <= 0 || chance(seed, x, salt) >= rate {
		return nil
	}
	kind := all[int(chance(seed, x, salt+1)*float64(len(all)))]
	if !slices.Contains(kinds, kind) {
		return nil
	}
	delay := c.Delay
	if delay == 0 {
		delay = 200 * time.Millisecond
	}
	return &armed{Fault: Fault{Kind: kind, Delay: delay}}
}

// chance returns a number of [0,1) that depends on the seed, the exchange and salt alone.
func chance(seed uint64, x exchange, salt uint64) float64 {
	h := mix(seed ^ mix(salt) ^ uint64(x.nth)<<32)
	for _, s := range [...]string{x.agency, x.operation} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211 // FNV-1a
		}
		h = mix(h)
	}
	h = mix(h ^ binary.LittleEndian.Uint64(x.id[:8]))
	h = mix(h ^ binary.LittleEndian.Uint64(x.id[8:]))
	return float64(h>>11) / (1 << 53)
}

// mix spreads every bit of x over the whole word (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// outages returns the seeded waits and lengths of one agency's outages, for ever.
func (c Chaos) outages(seed uint64, agency string) func() (wait, length time.Duration) {
	h := fnv.New64a()
	h.Write([]byte(agency))
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	longest := c.OutageFor
	if longest == 0 {
		longest = 2 * time.Second
	}
	return func() (time.Duration, time.Duration) {
		wait := time.Duration(float64(c.OutageEvery) * (0.5 + r.Float64()))
		return wait, longest/4 + time.Duration(float64(longest)*0.75*r.Float64())
	}
}
