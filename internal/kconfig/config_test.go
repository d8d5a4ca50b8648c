package kconfig

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const networkTree = `mainmenu "Test"
choice network.provider
	prompt "Provider"
	default network.provider.flannel
config network.provider.none
	bool "None"
config network.provider.flannel
	bool "Flannel"
	select network.vxlan
endchoice
config network.vxlan
	bool
config network.workers
	int "Workers"
	range 1 network.max
	default 2
config network.max
	int "At most"
	default 10
if network.provider.flannel
config network.backend
	string "Backend"
	default "vxlan"
	depends on network.workers > 1 || network.max = 1
menu "Tuning"
	visible if network.backend = "vxlan"
config network.port
	hex "Port"
	default 0x2118
	imply network.checked
endmenu
endif
config network.checked
	bool "Checked"
	default y if network.port = 8472
`

func mustParse(t testing.TB, kconfig string) *Tree {
	t.Helper()
	tree, err := Parse(fstest.MapFS{"Kconfig": {Data: []byte(kconfig)}}, "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func set(t testing.TB, c *Config, assignments ...string) {
	t.Helper()
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		if err := c.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSetRefusesWhatIsNotOfTheType(t *testing.T) {
	c := mustParse(t, networkTree).NewConfig()
	for _, test := range []struct {
		name, symbol, value, want string
		kind                      ProblemKind
	}{
		{"an unknown symbol", "network.x", "1", `network.x: no config defines this symbol`, UnknownSymbol},
		{"a word for a bool", "network.checked", "true",
			`Kconfig:33:1: network.checked: "true" is neither y nor n`, WrongType},
		{"a float for an int", "network.max", "1e9",
			`Kconfig:17:1: network.max: "1e9" is not a whole number (such as 3 or -1, without leading zeros)`, WrongType},
		{"an int of more than 64 bits", "network.max", "9223372036854775808",
			`Kconfig:17:1: network.max: "9223372036854775808" is not a whole number (such as 3 or -1, without leading zeros)`, WrongType},
		{"a word for a hex", "network.port", "0xhello",
			`Kconfig:27:1: network.port: "0xhello" is not a hexadecimal number (such as 0x1f)`, WrongType},
		{"two lines for a string", "network.backend", "a\nb",
			`Kconfig:21:1: network.backend: "a\nb" has more than one line`, WrongType},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := c.Set(test.symbol, test.value)
			var p *Problem
			if !errors.As(err, &p) || p.Kind != test.kind || p.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
	if set := slices.Collect(c.UserSet()); len(set) > 0 {
		t.Errorf("%s was set all the same", names(set))
	}
}

func TestAValueThatDoesNotCountSaysWhy(t *testing.T) {
	for _, test := range []struct{ name, assignments, symbol, want string }{
		{"out of range", "network.max=3 network.workers=4", "network.workers",
			"Kconfig:13:1: network.workers: 4 is not in the range from 1 to 3"},
		{"invisible names only the failing part", "network.workers=1 network.backend=x", "network.backend",
			"Kconfig:21:1: network.backend: cannot be set unless " +
				"network.workers (=1) > 1 || network.max (=10) = 1"},
		{"invisible by a menu", "network.backend=udp network.port=1", "network.port",
			`Kconfig:27:1: network.port: cannot be set unless network.backend (=udp) = "vxlan"`},
		{"invisible by a choice", "network.provider.none=y network.backend=x", "network.backend",
			"Kconfig:21:1: network.backend: cannot be set unless network.provider.flannel (=n)"},
		{"without a prompt", "network.vxlan=y", "network.vxlan",
			"Kconfig:11:1: network.vxlan: is computed and cannot be set"},
		{"another member", "network.provider.none=y network.provider.flannel=y", "network.provider.none",
			"Kconfig:5:1: network.provider.none: is n, not y, because network.provider.flannel is chosen"},
		{"that counts", "network.workers=4", "network.workers", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := mustParse(t, networkTree)
			c := tree.NewConfig()
			set(t, c, strings.Fields(test.assignments)...)
			got := ""
			if p := c.UserValueProblem(tree.Symbol(test.symbol)); p != nil {
				got = p.Error()
			}
			if got != test.want {
				t.Errorf(" got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestCheckValueLooksAtTypeAndRangeBeforeItIsSet(t *testing.T) {
	tree := mustParse(t, networkTree)
	c := tree.NewConfig()
	workers := tree.Symbol("network.workers")
	for value, kind := range map[string]ProblemKind{"x": WrongType, "0": OutOfRange, "11": OutOfRange} {
		if p := c.CheckValue(workers, value); p == nil || p.Kind != kind {
			t.Errorf("%s: %v", value, p)
		}
	}
	if p := c.CheckValue(workers, "10"); p != nil {
		t.Error(p)
	}
	if low, high, from, ok := c.Range(workers); low != "1" || high != "10" || from.Span.Line != 15 || !ok {
		t.Errorf("range %s %s of %v, %t", low, high, from, ok)
	}
}

func TestChoosingForgetsWhatWasSetForOtherMembers(t *testing.T) {
	tree := mustParse(t, networkTree)
	c := tree.NewConfig()
	set(t, c, "network.provider.none=n", "network.provider.flannel=y")
	if err := c.SetChoice("network.provider", "none"); err != nil {
		t.Fatal(err)
	}
	ch := tree.Choice("network.provider")
	if got := userValues(c); c.Selected(ch).Name != "network.provider.none" || got != "network.provider.none=y\n" {
		t.Errorf("selected %s with %s", c.Selected(ch).Name, got)
	}
	var p *Problem
	if err := c.SetChoice("network.provider", "calico"); !errors.As(err, &p) || p.Kind != NotMember ||
		p.Error() != `network.provider: "calico" is not one of network.provider.none, network.provider.flannel` {
		t.Error(err)
	}
	if err := c.SetChoice("nothing", "x"); !errors.As(err, &p) || p.Kind != UnknownSymbol {
		t.Error(err)
	}
	c.UnsetChoice(ch)
	if c.Selected(ch) != c.DefaultMember(ch) {
		t.Errorf("selected %s", c.Selected(ch).Name)
	}
	c.Choose(tree.Symbol("network.max"))
	if set := slices.Collect(c.UserSet()); len(set) > 0 {
		t.Errorf("%s was set, which is no member", names(set))
	}
}

func TestExplainSaysWhereAValueComesFromAndWhatDependsOnIt(t *testing.T) {
	tree := mustParse(t, networkTree)
	c := tree.NewConfig()
	set(t, c, "network.workers=1", "network.backend=udp")
	relations := func(x Explanation) []string {
		var all []string
		for _, d := range x.Dependents {
			name := d.Node.Prompt
			if d.Node.Symbol != nil {
				name = d.Node.Symbol.Name
			}
			all = append(all, name+" "+string(d.Relation)+" "+d.Span.String())
		}
		return all
	}
	x := c.Explain(tree.Symbol("network.provider.flannel"))
	if x.Value != "y" || x.Origin.String() != "choice Kconfig:4" || !x.Visible || names(x.Selects) != "network.vxlan" {
		t.Errorf("%+v", x)
	}
	if diff := cmp.Diff([]string{
		"Provider default Kconfig:4:2",
		"network.vxlan selected by Kconfig:9:2",
		"network.backend depends on Kconfig:20:4",
		"Tuning depends on Kconfig:20:4",
		"network.port depends on Kconfig:20:4",
	}, relations(x)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	x = c.Explain(tree.Symbol("network.backend"))
	if x.Value != "" || x.Origin.Kind != Implicit || x.Visible || x.Problem == nil || len(x.Unmet) != 1 ||
		x.Unmet[0].Text != "network.workers (=1) > 1 || network.max (=10) = 1" {
		t.Errorf("%+v", x)
	}
	x = c.Explain(tree.Symbol("network.vxlan"))
	if x.Value != "y" || x.Origin.String() != "select network.provider.flannel" || x.Visible || x.Unmet != nil || x.Default != "y" {
		t.Errorf("%+v", x)
	}
}

func TestAChangeIsSeenEverywhereAndACloneIsIndependent(t *testing.T) {
	tree := mustParse(t, networkTree)
	c := tree.NewConfig()
	checked, port := tree.Symbol("network.checked"), tree.Symbol("network.port")
	if c.Value(checked) != "y" || c.Origin(checked).Span.Line != 35 {
		t.Errorf("checked is %s by %s", c.Value(checked), c.Origin(checked))
	}
	clone := c.Clone()
	set(t, clone, "network.port=1", "network.provider.none=y")
	if c.Value(port) != "0x2118" || clone.Visible(port) || clone.Bool(checked) {
		t.Errorf("the original's port is %s, the clone's visible: %t", c.Value(port), clone.Visible(port))
	}
	clone.Unset(tree.Symbol("network.provider.none"))
	if clone.Value(port) != "1" {
		t.Errorf("the port was forgotten while it was hidden: %s", clone.Value(port))
	}
	clone.Reset()
	if diff := cmp.Diff(allValues(c), allValues(clone)); diff != "" {
		t.Errorf("after Reset (-never set +reset):\n%s", diff)
	}
}

func TestAConfigurationIsWrittenAsLinuxWritesIt(t *testing.T) {
	c := mustParse(t, networkTree).NewConfig()
	set(t, c, "network.checked=n", "network.port=FF", "network.workers=20")
	want := `#
# Automatically generated file; DO NOT EDIT.
# Test
#
# .network.provider.none is not set
.network.provider.flannel=y
.network.vxlan=y
.network.workers=10
.network.max=10
.network.backend="vxlan"

#
# Tuning
#
.network.port=FF
# end of Tuning

# .network.checked is not set
`
	if diff := cmp.Diff(want, written(t, c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextsAreEscapedInAConfiguration(t *testing.T) {
	tree := mustParse(t, networkTree)
	c := tree.NewConfig()
	const text = `a "b" \ c`
	if err := c.Set("network.backend", text); err != nil {
		t.Fatal(err)
	}
	if want := `.network.backend="a \"b\" \\ c"`; !strings.Contains(written(t, c), want) {
		t.Errorf("%s\nhas no %s", written(t, c), want)
	}
	again := tree.NewConfig()
	problems, err := again.ReadDotConfig(strings.NewReader(written(t, c)), "x", ".")
	if got := again.Value(tree.Symbol("network.backend")); got != text || err != nil || problems != nil {
		t.Errorf("read %q: %v %v", got, err, problems)
	}
}
