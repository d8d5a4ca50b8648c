package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Default is the config of someone who configured nothing.
func Default() Cluster { return Of(New()) }

// Of is a config as Go sees it: the values of all fields that apply.
func Of(c *kconfig.Config) Cluster {
	var cluster Cluster
	value := reflect.ValueOf(&cluster).Elem()
	for _, f := range described().fields {
		if !Visible(c, f) {
			continue
		}
		switch at := value.FieldByIndex(f.at); f.Kind {
		case Bool:
			at.SetBool(c.Bool(f.Symbol))
		case Int:
			n, _ := strconv.Atoi(c.Value(f.Symbol))
			at.SetInt(int64(n))
		default:
			at.SetString(Value(c, f))
		}
	}
	return cluster
}

// open is the other direction. What does not apply is left out, so that it has
// its default once it does; wrong values are problems.
func open(cluster Cluster) (*kconfig.Config, Problems) {
	c := New()
	var found Problems
	value := reflect.ValueOf(cluster)
	for _, f := range described().fields {
		if problem := f.assign(c, fmt.Sprint(value.FieldByIndex(f.at))); problem != "" {
			found = append(found, f.report(problem))
		}
	}
	dropInvisible(c)
	var problems Problems
	for _, p := range found {
		// A choice that does not apply is empty, which is none of its values.
		if f := Lookup(p.Path); Visible(c, f) || !value.FieldByIndex(f.at).IsZero() {
			problems = append(problems, p)
		}
	}
	return c, problems
}

// dropInvisible forgets what was set and does not apply.
func dropInvisible(c *kconfig.Config) {
	for _, f := range described().fields {
		if IsSet(c, f) && !Visible(c, f) {
			Unset(c, f)
		}
	}
}

// Get returns the value at a path: a string, an int or a bool.
func Get(c Cluster, path string) (any, error) {
	f := Lookup(path)
	if f == nil || f.Path != path {
		return nil, Problems{{Path: path, Text: noField(path)}}
	}
	return reflect.ValueOf(c).FieldByIndex(f.at).Interface(), nil
}

// Set applies assignments such as "provision.workers=3" with the checks of
// Decode. If one of them is wrong, it changes nothing. What applied before and
// does not any longer becomes zero.
func Set(c *Cluster, assignments ...string) error {
	if len(assignments) == 0 {
		return nil
	}
	opened, problems := open(*c)
	wrong := map[string]bool{}
	for _, p := range problems {
		wrong[p.Path] = true
	}
	problems = append(problems, set(opened, assignments, wrong)...)
	if len(problems) == 0 {
		*c = Of(opened)
	}
	return problems.OrNil()
}

// SetAll applies assignments to a config that was checked before. What was set
// then and does not apply any longer is forgotten.
func SetAll(c *kconfig.Config, assignments ...string) error {
	return set(c, assignments, map[string]bool{}).OrNil()
}

func set(c *kconfig.Config, assignments []string, wrong map[string]bool) Problems {
	before := map[*Field]bool{}
	for _, f := range described().fields {
		before[f] = IsSet(c, f)
	}
	var problems Problems
	for _, assignment := range assignments {
		path, text, ok := strings.Cut(assignment, "=")
		if to, renamed := renamed()[path]; renamed {
			path = to
		}
		f := Lookup(path)
		switch {
		case !ok:
			problems = append(problems, Problem{
				Text: fmt.Sprintf("%q assigns nothing; write PATH=VALUE, like provision.workers=3", assignment)})
		case f == nil || f.Path != path:
			wrong[path] = true
			problems = append(problems, Problem{Path: path, Text: noField(path)})
		default:
			delete(before, f)
			if problem := f.assign(c, text); problem != "" {
				wrong[path] = true
				problems = append(problems, f.report(problem))
			}
		}
	}
	for f, set := range before {
		if set && !Visible(c, f) {
			Unset(c, f)
		}
	}
	return append(problems, check(c, wrong)...)
}

// Validate reports everything that is wrong with a config at once.
func Validate(cluster Cluster) error {
	c, problems := open(cluster)
	wrong := map[string]bool{}
	for _, p := range problems {
		wrong[p.Path] = true
	}
	return append(problems, check(c, wrong)...).OrNil()
}

// noField says why a path names no value: it is unknown, or a group.
func noField(path string) string {
	if f := Lookup(path); f != nil {
		return fmt.Sprintf("this is a value of %s, not a key; write %s=%s", f.Path, f.Path, strings.TrimPrefix(path, f.Path+"."))
	}
	if keys := described().keys[path]; path != "" && len(keys) > 0 {
		return fmt.Sprintf("this is a group, not a value; its keys are %s", strings.Join(keys, ", "))
	}
	return unknown(path)
}
