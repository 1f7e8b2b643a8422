#!/usr/bin/env bash
# The small videos of tests/golden/videos, by Debian's ffmpeg (5.1). Times, turns and sounds that our writer does not make.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/videos"
run() { ffmpeg -nostdin -v error -y -bitexact "$@"; }
x264=(-c:v libx264 -preset veryslow -crf 12 -pix_fmt yuv420p -x264-params "threads=1:sei=0")

# Corners, to tell how a picture is turned: red, green / blue, white.
corners="color=red:s=24x16:r=25,split=4[a][b][c][d];[b]lutrgb=r=0:g=255:b=0[g];[c]lutrgb=r=0:g=0:b=255[l];[d]lutrgb=r=255:g=255:b=255[w];[a][g]hstack[t];[l][w]hstack[u];[t][u]vstack"
run -f lavfi -i "$corners" -frames:v 2 "${x264[@]}" plain.mp4
for turn in 90 180 270; do
  run -i plain.mp4 -c copy -metadata:s:v rotate=$turn turned$turn.mp4
done
# A mirror is said in the frames, a quarter turn with it; and there are no times.
run -i plain.mp4 -c copy -bsf:v h264_mp4toannexb,h264_metadata=display_orientation=insert:flip=horizontal mirrored.h264

# Frames whose grey says which they are, 8 a step, at the times of these milliseconds.
grey="color=black:s=32x32:r=1000,format=gray"
steps() { # steps COUNT
  echo "$grey,trim=end_frame=$1,geq=lum='16+8*N'"
}
times="eq(N\,0)*0+eq(N\,1)*40+eq(N\,2)*80+eq(N\,3)*500+eq(N\,4)*510+eq(N\,5)*2000+eq(N\,6)*2033+eq(N\,7)*2066"
for file in uneven.mp4 uneven.mkv; do
  run -f lavfi -i "$(steps 8),setpts='($times)/1000/TB'" -fps_mode passthrough -enc_time_base 1/1000 "${x264[@]}" -bf 2 $file
done
# 24 frames at 25 a second, with B-frames; then cut without decoding: an edit list leaves out what is before.
run -f lavfi -i "$(steps 24),setpts=N/25/TB" -r 25 "${x264[@]}" -bf 2 -g 12 steady.mp4
run -ss 0.6 -i steady.mp4 -c copy edited.mp4
run -i steady.mp4 -c copy steady.mkv
run -i steady.mp4 -c copy -movflags frag_keyframe+empty_moov fragments.mp4

# A change of size in mid-stream.
run -f lavfi -i "$(steps 4),setpts=N/25/TB" -r 25 "${x264[@]}" -bf 0 first.h264
run -f lavfi -i "$(steps 4),setpts=N/25/TB,scale=48:64" -r 25 "${x264[@]}" -bf 0 second.h264
cat first.h264 second.h264 >sizes.h264
rm first.h264 second.h264
# Two recordings of a broadcast, one behind the other: its packets' counters jump.
run -i steady.mp4 -c copy -frames:v 4 -f mpegts first.ts
run -i steady.mp4 -c copy -frames:v 4 -output_ts_offset 0.16 -f mpegts second.ts
cat first.ts second.ts >jump.ts
rm first.ts second.ts

# Sound: a tone of one second beside 24 frames; alone; with a cover; alone in a format of old.
tone=(-f lavfi -i "sine=440:r=16000:d=0.96")
run -i steady.mp4 "${tone[@]}" -map 0:v -map 1:a -c:v copy -c:a aac -b:a 16k sound.mp4
run "${tone[@]}" -c:a aac -b:a 16k sound.m4a
run -f lavfi -i "color=red:s=16x16:r=1" -frames:v 1 cover.png
run -i sound.m4a -i cover.png -map 0:a -map 1:v -c copy -disposition:v attached_pic cover.m4a
rm cover.png
run -i steady.mp4 -i sound.m4a -map 0:v -map 1:a -c:v copy -c:a pcm_s16le -ar 8000 pcm.mkv

# Odd sides, without a loss; other pixels.
odd="nullsrc=s=35x27:r=25,geq=r='X*7':g='Y*9':b='(X+Y)*4'"
run -f lavfi -i "$odd" -frames:v 2 -c:v ffv1 -pix_fmt bgr0 odd.mkv
run -f lavfi -i "$odd" -frames:v 2 -c:v mjpeg -q:v 2 -pix_fmt yuvj420p odd.avi
run -f lavfi -i "$(steps 2),setpts=N/25/TB" -r 25 -c:v ffv1 -pix_fmt gray10le deep.mkv

# One colour, (200, 60, 30), by two matrices and in two ranges.
colour="color=0xc83c1e:s=32x32:r=25"
run -f lavfi -i "$colour,scale=out_color_matrix=bt709:out_range=tv,format=yuv444p" -frames:v 1 -c:v ffv1 -colorspace bt709 -color_range tv bt709.mkv
run -f lavfi -i "$colour,scale=out_color_matrix=bt601:out_range=pc,format=yuv444p" -frames:v 1 -c:v ffv1 -colorspace smpte170m -color_range pc bt601_full.mkv
run -f lavfi -i "$colour,scale=out_color_matrix=bt601:out_range=tv,format=yuv444p" -frames:v 1 -c:v ffv1 untagged.mkv

# What is not read: a decoder that is not on the list, and a container.
run -i plain.mp4 -c:v qtrle -pix_fmt rgb24 qtrle.mov
run -i plain.mp4 -c:v rawvideo -pix_fmt yuv420p plain.nut
# No frame at all.
run -f lavfi -i "$corners" -frames:v 1 -c:v rawvideo -pix_fmt bgr24 raw.avi
run -i steady.mp4 -ss 5 -c copy none.mp4
run -i steady.mp4 -ss 5 -c copy none.mkv
