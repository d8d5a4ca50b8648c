package addons

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/pmezard/go-difflib/difflib"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// unified is the difference between two states of an object, as diff -u writes
// it; "" for none. nil is an object that is not there.
func unified(ref object.Ref, file string, before, after *unstructured.Unstructured) string {
	before, after = essence(before), essence(after)
	if ref.Kind == "Secret" && ref.Group == "" {
		mask(before, after)
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(before), B: lines(after), Context: 3,
		FromFile: ref.String(), FromDate: "live",
		ToFile: ref.String(), ToDate: cmp.Or(file, "not in the tree"),
	})
	if err != nil {
		return fmt.Sprintf("cannot be shown: %v\n", err)
	}
	return text
}

// essence is an object without what only the server writes, and without the copy
// of itself that kubectl leaves in it.
func essence(u *unstructured.Unstructured) *unstructured.Unstructured {
	if u == nil {
		return nil
	}
	u = u.DeepCopy()
	delete(u.Object, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	const copied = "kubectl.kubernetes.io/last-applied-configuration"
	unstructured.RemoveNestedField(u.Object, "metadata", "annotations", copied)
	if len(u.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(u.Object, "metadata", "annotations")
	}
	return u
}

func lines(u *unstructured.Unstructured) []string {
	if u == nil {
		return nil
	}
	data, err := yaml.Marshal(u.Object)
	if err != nil {
		return []string{err.Error() + "\n"}
	}
	list := difflib.SplitLines(string(data))
	return list[:len(list)-1] // it makes an empty line of the last line's end
}

// mask hides a Secret's values, so that a changed one can still be told from
// one that stays.
func mask(before, after *unstructured.Unstructured) {
	for _, field := range []string{"data", "stringData"} {
		old, now := valuesOf(before, field), valuesOf(after, field)
		for key, value := range old {
			other, both := now[key]
			if both && !reflect.DeepEqual(value, other) {
				old[key], now[key] = "*** (before)", "*** (after)"
				continue
			}
			old[key] = "***"
			if both {
				now[key] = "***"
			}
		}
		for key := range now {
			if _, both := old[key]; !both {
				now[key] = "***"
			}
		}
	}
}

// valuesOf is a map within an object, to be changed in place.
func valuesOf(u *unstructured.Unstructured, field string) map[string]any {
	if u == nil {
		return nil
	}
	values, _ := u.Object[field].(map[string]any)
	return values
}
