package mappings

// loopTable documents the loops of the language for the reference; expression.Loops names them for the parser.
var loopTable = []struct {
	name, args, doc string
	example         Example
}{
	{"filter", "condition", "the items for which the condition holds; what it proves of an item holds in the loops that follow", Example{`"a;;b" | split(";") | filter(# != "")`, `["a", "b"]`}},
	{"map", "expression", "the list of what the expression gives for each item", Example{`"a;b" | split(";") | map(upper(#))`, `["A", "B"]`}},
	{"find", "condition", "the first item for which the condition holds, or nothing", Example{`"a;bb" | split(";") | find(length(#) == 2)`, `"bb"`}},
	{"any", "condition", "whether the condition holds for some item", Example{`"a;b" | split(";") | any(# == "b")`, "true"}},
	{"all", "condition", "whether it holds for every item", Example{`"a;b" | split(";") | all(# == "b")`, "false"}},
	{"none", "condition", "whether it holds for no item", Example{`"a;b" | split(";") | none(# == "c")`, "true"}},
	{"one", "condition", "whether it holds for exactly one item", Example{`"a;b" | split(";") | one(# == "b")`, "true"}},
	{"count", "condition", "for how many items it holds", Example{`"a;b;a" | split(";") | count(# == "a")`, "2"}},
}
