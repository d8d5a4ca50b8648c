package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Components lists all that have an image, in the order of the list.
func Components() []Component {
	s := For("", "")
	var list []Component
	for _, image := range s.All() {
		list = append(list, image.Component)
	}
	return list
}

// Override replaces the references of single components: "coredns=example.com/dns:v1",
// several separated by commas. What CheckOverrides refuses is left out.
func (s Set) Override(text string) Set {
	given, err := overrides(text)
	if err != nil || len(given) == 0 {
		return s
	}
	replaced := func(list []Image) []Image {
		list = slices.Clone(list)
		for i := range list {
			if ref, ok := given[list[i].Component]; ok {
				list[i].Ref = ref
			}
		}
		return list
	}
	s.list, s.some = replaced(s.list), replaced(s.some)
	return s
}

// CheckOverrides says what is wrong with overrides: each wants a component that
// there is, once, and a reference with registry and tag or digest.
func CheckOverrides(text string) error {
	_, err := overrides(text)
	return err
}

func overrides(text string) (map[Component]string, error) {
	given := map[Component]string{}
	if text == "" {
		return given, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		component, ref, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("%q is not COMPONENT=REFERENCE", pair)
		case !slices.Contains(Components(), Component(component)):
			return nil, fmt.Errorf("there is no component %q", component)
		case given[Component(component)] != "":
			return nil, fmt.Errorf("%s is there twice", component)
		case !pinned(ref):
			return nil, fmt.Errorf("%s=%s: want a reference with registry and tag, like registry.example.com/%s:v1", component, ref, component)
		}
		given[Component(component)] = ref
	}
	return given, nil
}

// pinned accepts references that mean the same to every program: a registry by
// name, and a tag or digest.
func pinned(ref string) bool {
	host, rest, _ := strings.Cut(ref, "/")
	if !strings.ContainsAny(host, ".:") && host != "localhost" || !strings.ContainsAny(rest, ":@") {
		return false
	}
	_, err := name.ParseReference(ref)
	return err == nil
}
