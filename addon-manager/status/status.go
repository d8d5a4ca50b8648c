// Package status is what the manager tells about each addon and about its
// source: the status of Addon and AddonSource objects.
package status
