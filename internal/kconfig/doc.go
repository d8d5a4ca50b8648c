// Package kconfig reads the Kconfig language and computes its values: the
// descriptions of what can be configured, scattered over a tree of files, and
// one configuration of them.
//
//	tree, err := kconfig.Parse(os.DirFS("."), "Kconfig")
//	config := tree.NewConfig()
//	err = config.Set("provision.workers", "3")
//	fmt.Println(config.Value(tree.Symbol("provision.workers")))
//
// # The language
//
// Statements: mainmenu, menu, endmenu, config, menuconfig, choice (with or
// without a name), endchoice, comment, if, endif, and source in four kinds.
// source takes a path from the root of the tree, rsource one from the file it
// stands in; both accept globs, whose matches are read in sorted order, and
// must match; osource and orsource may match nothing.
//
// Attributes: bool, int, hex and string, each with or without a prompt,
// def_bool, def_int, def_hex and def_string, prompt, default, depends on,
// visible if, select, imply, range, and help. Every one of them but the types'
// bare form and help takes a trailing "if".
//
// Names are words of letters, digits, '_', '.' and '-'. A word that no config
// defines is false, and as a text it stands for itself.
//
// Expressions are words and quoted texts, compared with =, !=, <, <=, > and >=,
// combined with !, && and ||, which bind in this order, and parentheses. If
// both sides of a comparison are string symbols their texts are compared;
// otherwise they are numbers if both can be read as one, by the type of each,
// and texts if not.
//
// # Whose rules
//
// Where implementations differ, values are those of Linux 6.12 and later: an
// int without a default is 0, a user's value that is out of range is clamped to
// the nearer bound, and "n" for the default member of a choice moves the choice
// to another. A strict reader asks UserValueProblem and refuses instead.
//
// # What is an error
//
// All errors of a tree are reported together, with their places. Beyond the
// syntax these are errors: what is not in this subset (tristate, modules and
// the constant m, which must be quoted where the text is meant; option;
// optional choices; macros, since reading a description must not run
// anything), files outside of the root or behind links, a file that is
// included twice, and values that depend on themselves, also by the bounds of
// a range. What Linux only warns of is in Tree.Warnings.
//
// A Tree does not change and may be shared. A Config belongs to one goroutine.
package kconfig
