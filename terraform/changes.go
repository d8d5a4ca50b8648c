package terraform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Changes is what a plan wants to do.
type Changes struct {
	Add, Change, Remove int
	// Resources says what happens to which, sorted by address.
	Resources []Change
}

// Change is what a plan wants to do with one resource.
type Change struct {
	// Action is create, update, delete, replace, or read for a data source.
	Action string
	// Address is how Terraform calls the resource: aws_instance.control_plane["demo-control-plane-0"].
	Address string
	// Type, Name and Key are its parts.
	Type, Name, Key string
	// Tainted says that it is replaced because its making did not come to its
	// end: an interrupted or failed apply left it half there.
	Tainted bool
}

func (c Change) String() string { return c.Action + " " + c.Address }

// Removes says that what is there now is gone afterwards.
func (c Change) Removes() bool { return c.Action == "delete" || c.Action == "replace" }

// Loss says what goes with a resource that is removed and cannot just be made
// again, to be read behind its address; "" for everything else.
func (c Change) Loss() string {
	what := c.Name + " " + c.Key
	switch {
	case !c.Removes() || strings.Contains(c.Type, "attachment"):
		return ""
	case holdsData(c.Type) && (strings.Contains(c.Name, "etcd") || strings.Contains(c.Key, "control-plane")):
		return "ETCD'S DATA OF A CONTROL PLANE IS LOST"
	case isMachine(c.Type) && (strings.Contains(what, "control_plane") || strings.Contains(what, "control-plane")):
		return "A CONTROL PLANE IS " + strings.ToUpper(c.Action) + "D"
	case isGroup(c.Type):
		return "ALL WORKERS OF A POOL ARE " + strings.ToUpper(c.Action) + "D"
	}
	return ""
}

func isMachine(kind string) bool {
	return slices.Contains([]string{
		"docker_container", "aws_instance", "google_compute_instance", "azurerm_linux_virtual_machine",
	}, kind)
}

func isGroup(kind string) bool {
	return slices.Contains([]string{
		"aws_autoscaling_group", "google_compute_region_instance_group_manager", "azurerm_linux_virtual_machine_scale_set",
	}, kind)
}

func holdsData(kind string) bool {
	return slices.Contains([]string{
		"docker_volume", "aws_ebs_volume", "google_compute_disk", "google_compute_region_disk", "azurerm_managed_disk",
	}, kind)
}

// Any says that the plan is not empty.
func (c Changes) Any() bool { return c.Add+c.Change+c.Remove > 0 }

func (c Changes) String() string {
	if !c.Any() {
		return "no changes"
	}
	return fmt.Sprintf("%d to add, %d to change, %d to remove", c.Add, c.Change, c.Remove)
}

// Removed lists what is gone afterwards, or made anew.
func (c Changes) Removed() []Change {
	var list []Change
	for _, change := range c.Resources {
		if change.Removes() {
			list = append(list, change)
		}
	}
	return list
}

// Summary says what happens, one line each: new resources by their kind and
// number, since there are many of them, and every one that is changed or removed.
func (c Changes) Summary() []string {
	var lines []string
	made := map[string]int{}
	var kinds []string
	for _, change := range c.Resources {
		switch {
		case change.Action == "read":
		case change.Action == "create":
			kind := change.Type + "." + change.Name
			if made[kind]++; made[kind] == 1 {
				kinds = append(kinds, kind)
			}
		case change.Loss() != "":
			lines = append(lines, fmt.Sprintf("%-8s%s: %s", change.Action, change.Address, change.Loss()))
		default:
			lines = append(lines, fmt.Sprintf("%-8s%s", change.Action, change.Address))
		}
	}
	for i, kind := range kinds {
		if made[kind] > 1 {
			kinds[i] = fmt.Sprintf("%s (%d)", kind, made[kind])
		}
	}
	for part := range slices.Chunk(kinds, 3) {
		lines = append(lines, fmt.Sprintf("%-8s%s", "create", strings.Join(part, ", ")))
	}
	return lines
}

func (c *Changes) sort() {
	slices.SortFunc(c.Resources, func(a, b Change) int { return cmp.Compare(a.Address, b.Address) })
}
