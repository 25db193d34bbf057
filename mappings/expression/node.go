package expression

// Node is one part of an expression. At is its offset in characters.
type Node interface{ At() int }

type place int

func (p place) At() int { return int(p) }

// Literal is nil, a bool, an int64, a float64 or a string.
type Literal struct {
	place
	Value any
}

// Name is a root or a loop variable.
type Name struct {
	place
	Name string
}

// Item is the item that a Loop is at: # or the nothing before .field. Depth is that of its Loop.
type Item struct {
	place
	Depth int
}

// Member is X.Name, X?.Name or X["Name"]. Its place is that of the name.
type Member struct {
	place
	X        Node
	Name     string
	Optional bool // ?.
}

// Chain holds a path in which ?. occurs: the whole is absent where one of its steps is.
type Chain struct {
	place
	X Node
}

// Not is the negation of a condition.
type Not struct {
	place
	X Node
}

// Binary is X Op Y; Op is one of + == != < <= > >= and or in contains startsWith endsWith matches ??.
type Binary struct {
	place
	Op   string
	X, Y Node
}

// Conditional is Cond ? Then : Else.
type Conditional struct {
	place
	Cond, Then, Else Node
}

// Call is a function with its arguments, the value first.
type Call struct {
	place
	Name string
	Args []Node
}

// Loop applies Body to each item of List; Name is one of Loops. Depth counts the loops around it.
type Loop struct {
	place
	Name       string
	Depth      int
	List, Body Node
}

// Array is a list in square brackets.
type Array struct {
	place
	Items []Node
}
