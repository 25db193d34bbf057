package sample

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

func chance(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream^0x5A5A)) }

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// number makes a usual number, one at each bound, and where there is no bound one beyond 32 bits.
func (g *generator) number(flat []*santhosh.Schema, whole bool) any {
	step := big.NewRat(1, 1)
	if !whole {
		step = big.NewRat(1, 100)
	}
	for _, s := range flat {
		if s.MultipleOf != nil {
			step = s.MultipleOf
		}
	}
	var candidates []*big.Rat
	bounded := [2]bool{}
	bound := func(side int, r *big.Rat, move int64) {
		if r != nil {
			bounded[side] = true
			candidates = append(candidates, new(big.Rat).Add(r, new(big.Rat).Mul(step, big.NewRat(move, 1))), r)
		}
	}
	for _, s := range flat {
		bound(0, s.Minimum, 0)
		bound(0, s.ExclusiveMinimum, 1)
		bound(1, s.Maximum, 0)
		bound(1, s.ExclusiveMaximum, -1)
	}
	usual := []*big.Rat{step, new(big.Rat).Mul(step, big.NewRat(150, 1)), new(big.Rat)}
	if g.random != nil {
		usual[0] = new(big.Rat).Mul(step, big.NewRat(g.random.Int64N(10_000), 1))
	}
	if !bounded[0] {
		usual = append(usual, new(big.Rat).Neg(step))
	}
	if !bounded[1] {
		usual = append(usual, new(big.Rat).Mul(step, big.NewRat(1<<31, 1)))
	}
	var values []any
	for _, r := range append(usual, candidates...) {
		if !withinBounds(flat, r, whole) {
			continue
		}
		v := plainNumber(r)
		if !containsValue(values, v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		g.fail("no number keeps to all the bounds")
		return int64(0)
	}
	return values[g.choose("value", len(values), 0, false)]
}

func containsValue(values []any, v any) bool {
	for _, w := range values {
		if fmt.Sprint(v) == fmt.Sprint(w) {
			return true
		}
	}
	return false
}

// plainNumber is a number as trees hold it.
func plainNumber(r *big.Rat) any {
	if r.IsInt() && r.Num().IsInt64() {
		return r.Num().Int64()
	}
	f, _ := r.Float64()
	return f
}

func withinBounds(flat []*santhosh.Schema, r *big.Rat, whole bool) bool {
	if whole && !r.IsInt() {
		return false
	}
	for _, s := range flat {
		if s.Minimum != nil && r.Cmp(s.Minimum) < 0 || s.Maximum != nil && r.Cmp(s.Maximum) > 0 ||
			s.ExclusiveMinimum != nil && r.Cmp(s.ExclusiveMinimum) <= 0 || s.ExclusiveMaximum != nil && r.Cmp(s.ExclusiveMaximum) >= 0 ||
			s.MultipleOf != nil && !new(big.Rat).Quo(r, s.MultipleOf).IsInt() {
			return false
		}
	}
	return true
}
