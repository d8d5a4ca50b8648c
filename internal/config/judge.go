package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Check reports everything that is wrong with a config at once, in the order
// of the fields: values first, then what does not go together.
func Check(c *kconfig.Config) Problems { return check(c, map[string]bool{}) }

// CheckApplying is Check for a config that somebody is editing: what was set
// and does not apply now is no problem, since it will not be written.
func CheckApplying(c *kconfig.Config) Problems {
	trial := c.Clone()
	dropInvisible(trial)
	return Check(trial)
}

// Settle is Check for values that came in one by one, from a flat file. With
// Lenient it makes right what can be, and warns of it.
func Settle(c *kconfig.Config, strictness Strictness, warn func(Problem)) Problems {
	if strictness == Lenient {
		mend(c, func(f *Field, problem string) { warn(f.report(problem)) })
	}
	return Check(c)
}

// CheckField says what is wrong with the value of one field as it is now; "" is
// nothing.
func CheckField(c *kconfig.Config, f *Field) string { return f.problem(c, nil) }

// CheckText says why a text would be wrong as the value of a symbol of the
// config, "" if it would not: it is of another type, out of the range that
// holds now, or not of the form. The text is that of Kconfig: y and n for bools.
func CheckText(c *kconfig.Config, s *kconfig.Symbol, text string) string {
	f := Lookup(s.Name)
	if f == nil || f.Choice != nil {
		return ""
	}
	if f.Kind == Bool {
		text = f.text(text)
	}
	trial := c.Clone()
	if problem := f.assign(trial, text); problem != "" {
		return problem
	}
	return f.problem(trial, nil)
}

// check leaves out the paths that are known to be wrong, and what depends on
// them; it adds to them those that it finds.
func check(c *kconfig.Config, wrong map[string]bool) Problems {
	var problems Problems
	for _, f := range described().fields {
		if wrong[f.Path] {
			continue
		}
		if text := f.problem(c, wrong); text != "" {
			wrong[f.Path] = true
			problems = append(problems, f.report(text))
		}
	}
	return append(problems, together(c, wrong)...)
}

func (f *Field) report(text string) Problem {
	return Problem{Path: f.Path, Text: text, Place: f.Place()}
}

// problem says what is wrong with the field's value; "" for nothing, and for
// what follows from another wrong value only.
func (f *Field) problem(c *kconfig.Config, wrong map[string]bool) string {
	if !Visible(c, f) {
		if !IsSet(c, f) {
			return ""
		}
		return f.notApplying(c, wrong)
	}
	switch f.Kind {
	case Choice:
		if m := chosen(c, f); m != nil && !c.Visible(m) {
			return fmt.Sprintf("%q is not legal here, want %s", f.valueOf(m), f.Legal(c))
		}
	case Int:
		value, ok := c.UserValue(f.Symbol)
		if p := c.UserValueProblem(f.Symbol); ok && p != nil {
			return fmt.Sprintf("%s is out of range, want %s", value, f.Legal(c))
		}
	case Bool:
		if p := c.UserValueProblem(f.Symbol); p != nil {
			return p.Message
		}
	case String:
		if value := c.Value(f.Symbol); !f.Accepts(value) {
			if value == "" {
				return "it is empty, want " + f.form.words
			}
			return fmt.Sprintf("%q is not legal, want %s", value, f.form.words)
		}
	}
	return ""
}

// notApplying names the failing part of what a set field depends on.
func (f *Field) notApplying(c *kconfig.Config, wrong map[string]bool) string {
	unmet := f.unmet(c)
	var conditions []string
	for _, condition := range unmet {
		consequence := false
		condition.Expr.Symbols(func(s *kconfig.Symbol) {
			on := Lookup(s.Name)
			consequence = consequence || on != nil && wrong[on.Path]
		})
		if consequence {
			return ""
		}
		conditions = append(conditions, Wording(c, condition))
	}
	return fmt.Sprintf("it applies only if %s", strings.Join(conditions, " and "))
}

func (f *Field) unmet(c *kconfig.Config) []kconfig.Condition {
	if f.Choice == nil {
		return c.Unmet(f.Symbol)
	}
	for _, n := range f.Choice.Nodes {
		if unmet := c.UnmetNode(n); len(unmet) > 0 {
			return unmet
		}
	}
	return nil
}

// Unmet lists in words why a field does not apply.
func Unmet(c *kconfig.Config, f *Field) []string {
	var words []string
	for _, condition := range f.unmet(c) {
		words = append(words, Wording(c, condition))
	}
	return words
}

// Wording writes a condition with the values of now. A member of a choice is
// written as the value it is in the JSON: provision.platform (=local) = aws.
func Wording(c *kconfig.Config, condition kconfig.Condition) string {
	e, op := condition.Expr, "="
	if e.Op == kconfig.OpNot {
		e, op = e.Left, "!="
	}
	if e.Op != kconfig.OpSymbol || e.Symbol.Choice == nil || e.Symbol.Choice.Name == "" {
		return condition.Text
	}
	f := Lookup(e.Symbol.Name)
	value := Value(c, f)
	if value == "" {
		value = "none"
	}
	return fmt.Sprintf("%s (=%s) %s %s", f.Path, value, op, f.valueOf(e.Symbol))
}

// together checks what Kconfig cannot say: address ranges against each other
// and against the number of machines. Those that are no prefixes have been
// reported already.
func together(c *kconfig.Config, wrong map[string]bool) Problems {
	paths := []string{
		"provision.local.subnet", "provision.gce.subnet", "provision.aws.subnet", "provision.azure.subnet",
		"network.pod_cidr", "network.service_cidr",
	}
	var ranges []*Field
	for _, path := range paths {
		if f := Lookup(path); Visible(c, f) && !wrong[path] {
			ranges = append(ranges, f)
		}
	}
	var problems Problems
	for i := range ranges {
		for j := range i {
			a, b := ranges[i], ranges[j]
			if !IsSet(c, a) && IsSet(c, b) {
				a, b = b, a // the one that somebody wrote
			}
			if one, other := c.Value(a.Symbol), c.Value(b.Symbol); overlap(one, other) {
				problems = append(problems, a.report(
					fmt.Sprintf("%s overlaps %s of %s; choose ranges that share no address", one, other, b.Path)))
			}
		}
	}
	problems = append(problems, quorum(c, wrong)...)
	problems = append(problems, cloudRules(c, wrong)...)
	problems = append(problems, segment(c, wrong)...)
	problems = append(problems, elsewhere(c, wrong)...)
	return append(problems, room(c, wrong)...)
}

// quorum refuses an even number of control planes: it survives no more losses
// than the odd number below it, and one loss more makes it worse.
func quorum(c *kconfig.Config, wrong map[string]bool) Problems {
	f := Lookup("provision.control_planes")
	if wrong[f.Path] || !Visible(c, f) {
		return nil
	}
	if n := f.Typed(Value(c, f)).(int); n%2 == 0 {
		return Problems{f.report(fmt.Sprintf("%d is an even number; etcd votes, so take %d or %d", n, n-1, n+1))}
	}
	return nil
}

// segment refuses networks that send the packets of pods unwrapped where what is
// between the machines is a cloud's router, which knows nothing of pods.
func segment(c *kconfig.Config, wrong map[string]bool) Problems {
	platform := Value(c, Lookup("provision.platform"))
	if wrong["provision.platform"] || platform == "local" || platform == "baremetal" {
		return nil
	}
	var problems Problems
	for path, plain := range map[string]string{"network.provider": "bridge", "network.flannel.backend": "host_gw"} {
		if f := Lookup(path); !wrong[path] && Visible(c, f) && Value(c, f) == plain {
			problems = append(problems, f.report(fmt.Sprintf("%s needs machines on one network segment, and those of %s are not; "+
				"take what wraps packets, flannel with vxlan for instance", plain, platform)))
		}
	}
	return problems
}

// elsewhere refuses a proxy that a machine would look for on itself, where nobody
// but turnup has put anything.
func elsewhere(c *kconfig.Config, wrong map[string]bool) Problems {
	if platform := Lookup("provision.platform"); wrong[platform.Path] || Value(c, platform) == "baremetal" {
		return nil
	}
	var problems Problems
	for _, path := range []string{"bootstrap.proxy.http", "bootstrap.proxy.https"} {
		f := Lookup(path)
		u, err := url.Parse(Value(c, f))
		if wrong[path] || err != nil {
			continue
		}
		if addr, _ := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || addr.IsLoopback() {
			problems = append(problems, f.report(u.Hostname()+" is each machine itself; "+
				"take the address at which machines reach the proxy"))
		}
	}
	return problems
}

// room checks that every machine gets its /24 of the pod range.
func room(c *kconfig.Config, wrong map[string]bool) Problems {
	pods := Lookup("network.pod_cidr")
	nodes := 0
	for _, path := range []string{"provision.control_planes", "provision.workers"} {
		if f := Lookup(path); wrong[path] {
			return nil
		} else if Visible(c, f) {
			nodes += f.Typed(Value(c, f)).(int)
		}
	}
	if f := Lookup("provision.pools"); wrong[f.Path] {
		return nil
	} else if Visible(c, f) {
		list, _ := ParsePools(Value(c, f)) // of the right form, or in wrong
		for _, pool := range list {
			nodes += pool.Count
		}
	}
	prefix, err := netip.ParsePrefix(Value(c, pods))
	if err != nil || wrong[pods.Path] {
		return nil
	}
	if room := 1 << (24 - prefix.Bits()); room < nodes {
		return Problems{pods.report(fmt.Sprintf("%s has room for %d nodes with a /24 each, the cluster has %d; take a shorter prefix",
			prefix, room, nodes))}
	}
	return nil
}

func overlap(a, b string) bool {
	p, errA := netip.ParsePrefix(a)
	q, errB := netip.ParsePrefix(b)
	return errA == nil && errB == nil && p.Overlaps(q)
}
