package local

import "syscall"

// diskFree is what a user may still write to the disk of path, -1 if unknown.
func diskFree(path string) int64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return -1
	}
	return int64(stat.Bavail) * stat.Bsize
}
