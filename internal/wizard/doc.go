// Package wizard is the terminal interface of a configuration: a tree of menus
// that changes as one answers.
package wizard
