package faceclip

import (
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// groupLimit returns the smallest limit of memory of the control groups that the process is in: that of each hierarchy, of version 1
// or 2, and all above it, as far as they are mounted. What groups use already is not subtracted: most of it is cached files, weights
// among them.
func groupLimit(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	for _, h := range hierarchies(root) {
		for _, dir := range h.path() {
			limit = min(limit, readLimit(root, path.Join(dir, h.file)))
		}
		limit = min(limit, limitAbove(root, h.path()[0]))
	}
	return limit
}

// A hierarchy of control groups that limits memory is mounted: from its group top on, at the folder at.
type hierarchy struct {
	top, at string
	group   string // that of the process
	file    string // that has the limit of a group
}

// hierarchies returns those of the process. There may be one of each version, of which one has to do with memory.
func hierarchies(root fs.FS) (all []hierarchy) {
	unified, memory := groups(root)
	for line := range lines(root, "/proc/self/mountinfo") {
		mount, filesystem, _ := strings.Cut(line, " - ") // between the two are fields that may be missing
		m, f := strings.Fields(mount), strings.Fields(filesystem)
		if len(m) < 5 || len(f) < 3 {
			continue
		}
		h := hierarchy{top: unescape.Replace(m[3]), at: unescape.Replace(m[4])}
		switch {
		case f[0] == "cgroup2":
			h.group, h.file = unified, "memory.max"
		case f[0] == "cgroup" && slices.Contains(strings.Split(f[2], ","), "memory"):
			h.group, h.file = memory, "memory.limit_in_bytes"
		default:
			continue
		}
		all = append(all, h)
	}
	return all
}

// unescape turns what mountinfo has in the place of white space, which separates its fields, and of backslashes into those.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// groups returns the groups of the process: of version 2, and of version 1 the one for memory.
func groups(root fs.FS) (unified, memory string) {
	for line := range lines(root, "/proc/self/cgroup") {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(fields) < 3:
		case fields[0] == "0" && fields[1] == "":
			unified = fields[2]
		case slices.Contains(strings.Split(fields[1], ","), "memory"):
			memory = fields[2]
		}
	}
	return unified, memory
}

// path returns the folders of the process's group and of all above it that are mounted. A group outside of what is mounted, as in some
// containers, is taken for what is.
func (h hierarchy) path() []string {
	below := "/"
	if rest, ok := strings.CutPrefix(path.Clean("/"+h.group)+"/", strings.TrimSuffix(path.Clean("/"+h.top), "/")+"/"); ok {
		below = path.Clean("/" + rest)
	}
	dirs := []string{path.Join("/", h.at, below)}
	for ; below != "/"; below = path.Dir(below) {
		dirs = append(dirs, path.Join("/", h.at, path.Dir(below)))
	}
	return dirs
}

// readLimit returns the number of bytes in a file. A file that is not there, or has the word max, is no limit.
func readLimit(root fs.FS, file string) int64 {
	text, err := fs.ReadFile(root, strings.TrimPrefix(file, "/"))
	if err != nil {
		return math.MaxInt64
	}
	return parseLimit(strings.TrimSpace(string(text)))
}

// limitAbove returns what version 1 says of all groups above one, those that are not mounted here included.
func limitAbove(root fs.FS, dir string) int64 {
	for line := range lines(root, path.Join(dir, "memory.stat")) {
		if text, ok := strings.CutPrefix(line, "hierarchical_memory_limit "); ok {
			return parseLimit(strings.TrimSpace(text))
		}
	}
	return math.MaxInt64
}

func parseLimit(text string) int64 {
	if limit, err := strconv.ParseInt(text, 10, 64); err == nil && limit >= 0 {
		return limit
	}
	return math.MaxInt64
}
