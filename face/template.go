package face

// Size is the side of a crop in pixels.
const Size = 448

// Template is where a crop has the landmarks, in the order of Face.Points: the mean over the 14 sample faces of FaceCLIP
// as Find sees them, which
//
//	go test ./face -run TestTemplate -v
//
// measures again; docs/faces.md has how far faces are from it. It is within 2 % of the crop of the usual template of face
// recognition (ArcFace's at 112 × 112, times four), by which the faces were cropped: pupils agree within 1 %; our detector
// puts the nose lower and the corners of the mouth higher and farther out.
var Template = [5]Point{{149.5, 207.2}, {297.9, 206.4}, {224.2, 296.1}, {166.1, 363.7}, {288.5, 361.8}}
