package build

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// settings are what the annotations of a kustomization say about its addon.
type settings struct {
	// file is the kustomization.
	file      string
	network   bool
	mode      string
	dependsOn []string
	adopt     bool
	ignore    []string
}

// read reads the settings of an addon.
func read(k types.Kustomization) (settings, error) {
	s := settings{mode: api.Enforce}
	if k.MetaData == nil {
		return s, nil
	}
	notes := k.MetaData.Annotations
	switch wave := notes[api.WaveAnnotation]; wave {
	case "":
	case "network":
		s.network = true
	default:
		return s, fmt.Errorf("annotation %s is %q; the only wave is network", api.WaveAnnotation, wave)
	}
	switch mode := notes[api.ModeAnnotation]; mode {
	case "", api.Enforce:
	case api.Observe:
		s.mode = mode
	default:
		return s, fmt.Errorf("annotation %s is %q; it may be %s or %s", api.ModeAnnotation, mode, api.Enforce, api.Observe)
	}
	s.dependsOn = list(notes[api.DependsOnAnnotation])
	var err error
	if s.adopt, err = flag(notes, api.AdoptAnnotation, false); err != nil {
		return s, err
	}
	s.ignore, err = paths(notes)
	return s, err
}

// options are what an object's own labels and annotations, and those of its addon, ask for.
func (s settings) options(u *unstructured.Unstructured) (object.Options, error) {
	var o object.Options
	switch mode := u.GetLabels()[api.CompatLabel]; mode {
	case "", "Reconcile":
		// kubernetes.io/cluster-service, kube-addon-manager's older label, says the same.
	case api.EnsureExists:
		o.EnsureExists = true
	default:
		return o, fmt.Errorf("label %s is %q; it may be Reconcile or %s", api.CompatLabel, mode, api.EnsureExists)
	}
	notes := u.GetAnnotations()
	prune := true
	for _, note := range []struct {
		name  string
		value *bool
	}{{api.RecreateAnnotation, &o.Recreate}, {api.AdoptAnnotation, &o.Adopt}, {api.PruneAnnotation, &prune}} {
		var err error
		if *note.value, err = flag(notes, note.name, *note.value); err != nil {
			return o, err
		}
	}
	o.Keep = !prune
	if _, own := notes[api.AdoptAnnotation]; !own {
		o.Adopt = s.adopt
	}
	own, err := paths(notes)
	if err != nil {
		return o, err
	}
	o.Ignore = own
	for _, path := range s.ignore {
		if !slices.Contains(own, path) && object.ParsePath(path).In(u.Object) {
			o.Ignore = append(o.Ignore, path)
		}
	}
	slices.Sort(o.Ignore)
	o.Claims = Claims(u.Object)
	return o, nil
}

// flag reads an annotation that is true or false. A word that only looks like
// one is an error: to be ignored in silence is worse.
func flag(notes map[string]string, name string, otherwise bool) (bool, error) {
	switch value, ok := notes[name]; {
	case !ok:
		return otherwise, nil
	case value == "true":
		return true, nil
	case value == "false":
		return false, nil
	default:
		return otherwise, fmt.Errorf("annotation %s is %q; it may be \"true\" or \"false\"", name, value)
	}
}

// list splits at commas; it is sorted, and has nothing twice.
func list(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	slices.Sort(items)
	return slices.Compact(items)
}
