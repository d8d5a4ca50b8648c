package object

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestThePrintIsThatOfOurFieldsOnly(t *testing.T) {
	at := metav1.NewTime(time.Unix(1000, 0))
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply, Time: &at, FieldsV1: metav1.NewFieldsV1(fields),
		}
	}
	meta := func(name string, entries ...metav1.ManagedFieldsEntry) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{UID: "u", Name: name, ManagedFields: entries}
	}
	ours := Print(meta("x", entry("turnup/a", `{"f:data":{"f:k":{}}}`)), "a")
	if ours == "" {
		t.Fatal("no print")
	}
	for what, same := range map[string]*metav1.ObjectMeta{
		"others' fields do not count": meta("x", entry("kubectl", `{"f:data":{"f:o":{}}}`), entry("turnup/a", `{"f:data":{"f:k":{}}}`)),
		"spaces do not count":         meta("x", entry("turnup/a", `{ "f:data": {"f:k": {}} }`)),
	} {
		if Print(same, "a") != ours {
			t.Error(what)
		}
	}
	other := meta("x", entry("turnup/a", `{"f:data":{"f:k":{}}}`))
	other.UID = "v"
	for what, changed := range map[string]*metav1.ObjectMeta{
		"a field of ours was taken": meta("x", entry("turnup/a", `{"f:data":{}}`)),
		"our entry is gone":         meta("x"),
		"it is another addon's":     meta("x", entry("turnup/b", `{"f:data":{"f:k":{}}}`)),
		"it is another object":      other,
	} {
		if Print(changed, "a") == ours {
			t.Error(what)
		}
	}
}
