package manager_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// valueMark is the annotation that carries an object's value.
const valueMark = "example.turnup.dev/value"

// thing is one object of a forest.
type thing struct {
	kind, namespace, name, value string
}

// id is what makes a thing the same one in two forests.
func (o thing) id() string { return o.kind + " " + o.namespace + "/" + o.name }

// forest is an addon tree that is edited at random, and knows what the cluster must then be.
// All its names begin with its prefix, so that forests do not meet.
type forest struct {
	prefix string
	addons map[string]map[string]thing
	// broken addons do not build; what they were when they last did goes on.
	broken map[string]bool
	// ghosts left the tree while an addon was broken, and may not go yet.
	ghosts map[string]thing
	// pushed is what the last push declared; what was never pushed leaves no ghost.
	pushed map[string]bool
	// simple forests have neither namespaces nor definitions, placeless ones no namespaces, sound
	// ones no broken addons.
	simple, placeless, sound bool
	// edited tells whether the tree is another one than that of the last push.
	edited bool
	count  int
}

func newForest(prefix string) *forest {
	f := &forest{prefix: prefix, addons: map[string]map[string]thing{}, broken: map[string]bool{}, ghosts: map[string]thing{}}
	// A tree that is never empty: of an empty one nothing is pruned.
	f.put("keeper", thing{kind: "ConfigMap", namespace: "default", name: prefix + "-keeper", value: "0"})
	return f
}

func (f *forest) addon(name string) string { return f.prefix + "-" + name }

func (f *forest) put(addon string, o thing) {
	addon = f.addon(strings.TrimPrefix(addon, f.prefix+"-"))
	if f.addons[addon] == nil {
		f.addons[addon] = map[string]thing{}
	}
	f.addons[addon][o.id()] = o
	delete(f.ghosts, o.id())
}

// drop takes an object out of the tree, with what lives in it, and an addon with its last object.
func (f *forest) drop(o thing) {
	for addon, things := range f.addons {
		for id, other := range things {
			if id != o.id() && !f.holds(o, other) {
				continue
			}
			delete(things, id)
			if len(f.broken) > 0 && f.pushed[id] {
				f.ghosts[id] = other
			}
		}
		if len(things) == 0 {
			delete(f.addons, addon)
		}
	}
}

// holds tells whether the inner one of two objects goes when the outer one does.
func (f *forest) holds(outer, inner thing) bool {
	return outer.kind == "Namespace" && inner.namespace == outer.name || outer.kind == definition && inner.kind == f.kindOf(outer)
}

const definition = "CustomResourceDefinition"

// kindOf is the kind that a definition defines; its name is <plural>.<group>.
func (f *forest) kindOf(crd thing) string {
	plural, _, _ := strings.Cut(crd.name, ".")
	return "Gear" + strings.TrimPrefix(plural, "gears")
}

func (f *forest) group() string { return f.prefix + ".example.turnup.dev" }

// resource returns a kind's resource.
func (f *forest) resource(kind string) schema.GroupVersionResource {
	group, plural := "", strings.ToLower(kind)+"s"
	switch kind {
	case "Role", "ClusterRole":
		group = "rbac.authorization.k8s.io"
	case "Deployment":
		group = "apps"
	case definition:
		group = "apiextensions.k8s.io"
	}
	if strings.HasPrefix(kind, "Gear") {
		group, plural = f.group(), "gears"+strings.TrimPrefix(kind, "Gear")
	}
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}
}

func (f *forest) ref(o thing) object.Ref {
	return object.Ref{Group: f.resource(o.kind).Group, Kind: o.kind, Namespace: o.namespace, Name: o.name}
}

// kinds are all that a forest has ever had.
func (f *forest) kinds() []string {
	kinds := []string{"ConfigMap", "Secret", "ServiceAccount", "Service", "Role", "ClusterRole"}
	if f.simple {
		return kinds
	}
	kinds = append(kinds, definition, "Gear0", "Gear1")
	if f.placeless {
		return kinds
	}
	return append(kinds, "Namespace")
}

// manifest is an object as the tree declares it.
func (f *forest) manifest(o thing) map[string]any {
	version := f.resource(o.kind).GroupVersion().String()
	meta := map[string]any{"name": o.name, "annotations": map[string]any{valueMark: o.value}}
	if o.namespace != "" {
		meta["namespace"] = o.namespace
	}
	content := map[string]any{"apiVersion": version, "kind": o.kind, "metadata": meta}
	switch {
	case o.kind == "ConfigMap":
		content["data"] = configData(o.value)
	case o.kind == "Secret":
		content["data"] = map[string]any{"value": base64.StdEncoding.EncodeToString([]byte(o.value))}
	case o.kind == "Service":
		content["spec"] = map[string]any{"selector": map[string]any{"app": o.value}, "ports": []any{map[string]any{"port": 80, "protocol": "TCP"}}}
	case o.kind == "Role", o.kind == "ClusterRole":
		content["rules"] = []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"v" + o.value}, "verbs": []any{"get"}}}
	case strings.HasPrefix(o.kind, "Gear"):
		content["spec"] = map[string]any{"value": o.value}
	case o.kind == definition:
		kind := f.kindOf(o)
		content["spec"] = map[string]any{
			"group": f.group(), "scope": "Namespaced",
			"names": map[string]any{"kind": kind, "plural": f.resource(kind).Resource, "singular": strings.ToLower(kind)},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}},
		}
	}
	return content
}

// configData has keys that come and go with the value.
func configData(value string) map[string]any {
	return map[string]any{"value": value, "key-" + value: "here"}
}

// differs tells what of a live object is not as declared.
func (f *forest) differs(o thing, live *unstructured.Unstructured) string {
	if got := live.GetAnnotations()[valueMark]; got != o.value {
		return fmt.Sprintf("its value is %q, not %q", got, o.value)
	}
	if o.kind == "ConfigMap" {
		got, _, _ := unstructured.NestedMap(live.Object, "data")
		if !maps.Equal(got, configData(o.value)) {
			return fmt.Sprintf("its data is %v, not %v", got, configData(o.value))
		}
	}
	return ""
}

// files is the tree.
func (f *forest) files() map[string]string {
	files := map[string]string{}
	for addon, things := range f.addons {
		resources := []string{}
		for _, id := range slices.Sorted(maps.Keys(things)) {
			o := things[id]
			data, _ := json.MarshalIndent(f.manifest(o), "", "  ") // Maps of strings: it cannot be refused.
			name := fmt.Sprintf("%s-%s-%s.yaml", strings.ToLower(o.kind), o.namespace, o.name)
			files[addon+"/"+name] = string(data)
			resources = append(resources, name)
		}
		if f.broken[addon] {
			resources = append(resources, "missing.yaml")
		}
		list, _ := json.Marshal(map[string]any{"resources": resources})
		files[addon+"/kustomization.yaml"] = string(list)
	}
	return files
}

// things lists all declared objects, ordered.
func (f *forest) things() (list []thing) {
	for _, addon := range f.names() {
		for _, id := range slices.Sorted(maps.Keys(f.addons[addon])) {
			list = append(list, f.addons[addon][id])
		}
	}
	return list
}

func (f *forest) names() []string { return slices.Sorted(maps.Keys(f.addons)) }

func (f *forest) owner(o thing) string {
	for addon, things := range f.addons {
		if _, ok := things[o.id()]; ok {
			return addon
		}
	}
	return ""
}

func (f *forest) fresh() string { f.count++; return fmt.Sprint(f.count) }

// edit changes the tree at random and says how.
func (f *forest) edit(dice *rand.Rand) string {
	for {
		if done := f.try(dice, dice.IntN(12)); done != "" {
			f.edited = true
			return done
		}
	}
}

// try makes one edit, "" if it is none that can be made now.
func (f *forest) try(dice *rand.Rand, choice int) string {
	all := slices.DeleteFunc(f.things(), func(o thing) bool { return o.name == f.prefix+"-keeper" || f.broken[f.owner(o)] })
	working := slices.DeleteFunc(f.names(), func(name string) bool { return f.broken[name] || name == f.addon("keeper") })
	pick := func() thing { return all[dice.IntN(len(all))] }
	switch {
	case choice <= 3 || len(all) < 4:
		return f.plant(dice)
	case choice <= 5:
		o := pick()
		o.value = f.fresh()
		f.put(f.owner(o), o)
		return fmt.Sprintf("%s is %s", o.id(), o.value)
	case choice <= 7:
		o := pick()
		if f.holdsBroken(o) {
			return ""
		}
		f.drop(o)
		return "without " + o.id()
	case choice == 8:
		o, to := pick(), f.addon(fmt.Sprintf("a%d", dice.IntN(5)))
		from := f.owner(o)
		if from == to || f.broken[to] {
			return ""
		}
		delete(f.addons[from], o.id())
		if len(f.addons[from]) == 0 {
			delete(f.addons, from)
		}
		if dice.IntN(2) == 0 {
			o.value = f.fresh()
		}
		f.put(to, o)
		return fmt.Sprintf("%s moves from %s to %s as %s", o.id(), from, to, o.value)
	case choice == 9 && len(working) > 0:
		from, to := working[dice.IntN(len(working))], f.addon("b"+f.fresh())
		f.addons[to] = f.addons[from]
		delete(f.addons, from)
		return fmt.Sprintf("addon %s is now %s", from, to)
	case choice == 10 && len(working) > 1:
		name := working[dice.IntN(len(working))]
		for _, o := range maps.Clone(f.addons[name]) {
			if f.holdsBroken(o) {
				return ""
			}
		}
		for _, o := range maps.Clone(f.addons[name]) {
			f.drop(o)
		}
		return "without addon " + name
	case choice == 11 && len(f.broken) > 0:
		for name := range f.broken {
			delete(f.broken, name)
		}
		clear(f.ghosts)
		return "nothing is broken"
	// Only what was in force as it is goes on being enforced.
	case choice == 11 && len(working) > 0 && !f.edited && !f.sound:
		name := working[dice.IntN(len(working))]
		f.broken[name] = true
		return "addon " + name + " is broken"
	}
	return ""
}

// holdsBroken tells whether an object of a broken addon would go with this one.
func (f *forest) holdsBroken(o thing) bool {
	for name := range f.broken {
		for _, other := range f.addons[name] {
			if f.holds(o, other) {
				return true
			}
		}
	}
	return false
}

// plant adds an object of a random kind in a random place to a random addon.
func (f *forest) plant(dice *rand.Rand) string {
	kinds := f.kinds()
	o := thing{kind: kinds[dice.IntN(len(kinds))], value: f.fresh(), name: fmt.Sprintf("%s-%d", f.prefix, dice.IntN(6))}
	addon := f.addon(fmt.Sprintf("a%d", dice.IntN(5)))
	places, defined := []string{"default", "default"}, map[string]bool{}
	for _, other := range f.things() {
		if other.kind == "Namespace" {
			places = append(places, other.name)
		}
		if other.kind == definition {
			defined[f.kindOf(other)] = true
		}
	}
	switch o.kind {
	case definition:
		o.name = fmt.Sprintf("gears%d.%s", dice.IntN(2), f.group())
	case "Namespace", "ClusterRole":
	default:
		o.namespace = places[dice.IntN(len(places))]
	}
	_, ghost := f.ghosts[o.id()]
	if f.broken[addon] || f.owner(o) != "" || ghost || strings.HasPrefix(o.kind, "Gear") && !defined[o.kind] {
		return ""
	}
	f.put(addon, o)
	return fmt.Sprintf("%s in %s as %s", o.id(), addon, o.value)
}

// value gives one object another value.
func (f *forest) value(dice *rand.Rand) { f.try(dice, 4) }
