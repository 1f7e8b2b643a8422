// What the server answers: docs/poses.schema.json, and frames of /v1/stream.

export type Keypoint = [x: number, y: number, score: number];

export interface Person {
  score: number;
  box: [x: number, y: number, width: number, height: number];
  id?: number; // in a picture, from 1
  track_id?: number; // of a camera: the same person, frame after frame
  keypoints: Keypoint[];
}

export interface Skeleton {
  joints: string[];
  limbs: [number, number][];
}

export interface PictureAnswer {
  image: { width: number; height: number };
  skeleton: Skeleton;
  persons: Person[];
}

export interface FrameAnswer {
  frame?: number; // from 1
  width: number;
  height: number;
  persons: Person[];
  lag_ms: number;
  error?: string;
}

export type Side = 'left' | 'right' | 'centre';

/** The person's own left and right, as joints' names say. */
export function sideOf(joint: string): Side {
  if (/^(left|l)_/.test(joint)) return 'left';
  if (/^(right|r)_/.test(joint)) return 'right';
  return 'centre';
}

/** "left wrist" of "left_wrist". */
export const readable = (joint: string): string => joint.replaceAll('_', ' ');

/** The number that is drawn at a person. */
export const numberOf = (person: Person, place: number): number => person.track_id ?? person.id ?? place + 1;

export const nameOf = (person: Person, place: number): string => `Person ${numberOf(person, place)}`;

export const peopleFound = (count: number): string =>
  count === 0 ? 'Nobody found' : count === 1 ? '1 person found' : `${count} people found`;
