package object

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Print is the fingerprint of what an addon owns in a live object. The API
// server drops a field from our managedFields entry when anyone else writes
// another value into it, and changes the entry's time when our own name is used;
// so an unchanged entry of an unchanged uid means that every field we declared
// still has our value. Status, and fields of others, never change it. That lets a
// metadata-only watch tell drift from noise, without reading one body.
func Print(meta metav1.Object, addon string) string {
	manager := FieldManager(addon)
	for _, entry := range meta.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		sum := sha256.New()
		sum.Write([]byte(meta.GetUID()))
		if entry.Time != nil {
			sum.Write([]byte(strconv.FormatInt(entry.Time.Unix(), 10)))
		}
		if entry.FieldsV1 != nil {
			sum.Write(canonical(entry.FieldsV1.GetRawBytes()))
		}
		return hex.EncodeToString(sum.Sum(nil)[:12])
	}
	return ""
}

// canonical makes the same fields the same bytes, whichever decoder they came through.
func canonical(raw []byte) []byte {
	var fields any
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	if sorted, err := json.Marshal(fields); err == nil {
		return sorted
	}
	return raw
}

// Owners lists the addons that have applied fields to an object.
func Owners(meta metav1.Object) []string {
	var list []string
	for _, entry := range meta.GetManagedFields() {
		if name, ours := strings.CutPrefix(entry.Manager, "turnup/"); ours && entry.Operation == metav1.ManagedFieldsOperationApply {
			list = append(list, name)
		}
	}
	return list
}

// LastWriter is the manager, not one of ours, that wrote to an object's content
// last; "" where nobody else did.
func LastWriter(meta metav1.Object) string {
	var last metav1.ManagedFieldsEntry
	for _, entry := range meta.GetManagedFields() {
		if strings.HasPrefix(entry.Manager, "turnup") || entry.Subresource == "status" || entry.Time == nil {
			continue
		}
		if last.Time == nil || last.Time.Before(entry.Time) {
			last = entry
		}
	}
	return last.Manager
}

// Version makes a resourceVersion comparable. Since Kubernetes 1.35 the order of
// resource versions of one type is part of the API; anything else counts as 0.
func Version(rv string) uint64 {
	n, err := strconv.ParseUint(rv, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
