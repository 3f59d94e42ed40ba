const THUMB = 160;

/** A small square of a picture as a data URL, or null when the browser can't read it. */
export async function thumbOf(picture: Blob): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(picture);
    const { canvas, pen } = sheet(THUMB, THUMB);
    const side = Math.min(bitmap.width, bitmap.height);
    pen.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, THUMB, THUMB);
    return canvas.toDataURL('image/jpeg', 0.8);
  } catch {
    return null;
  }
}

/** A made-up view with something to repair in it, different each time. */
export async function samplePhoto(): Promise<Blob> {
  const { canvas, pen } = sheet(480, 480);
  const hue = 20 + Math.random() * 220;
  drawSky(pen, hue);
  drawHills(pen, hue);
  drawRoad(pen);
  drawCrack(pen);
  drawCone(pen, 110 + Math.random() * 260);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The canvas gave no picture'))), 'image/jpeg', 0.85),
  );
}

type Pen = CanvasRenderingContext2D;

function sheet(width: number, height: number): { canvas: HTMLCanvasElement; pen: Pen } {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('There is no canvas here');
  return { canvas, pen };
}

function drawSky(pen: Pen, hue: number): void {
  const sky = pen.createLinearGradient(0, 0, 0, 300);
  sky.addColorStop(0, `hsl(${hue} 40% 70%)`);
  sky.addColorStop(1, `hsl(${hue + 25} 55% 88%)`);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 480, 480);
  pen.fillStyle = 'rgb(255 250 235 / 85%)';
  pen.beginPath();
  pen.arc(80 + Math.random() * 320, 90, 38, 0, 7);
  pen.fill();
}

function drawHills(pen: Pen, hue: number): void {
  for (const [level, light] of [[210, 58], [250, 46], [285, 36]] as const) {
    pen.fillStyle = `hsl(${hue + 90} 22% ${light}%)`;
    pen.beginPath();
    pen.moveTo(0, 480);
    const phase = Math.random() * 6;
    for (let x = 0; x <= 480; x += 8) pen.lineTo(x, level + 26 * Math.sin(x / 75 + phase));
    pen.lineTo(480, 480);
    pen.fill();
  }
}

function drawRoad(pen: Pen): void {
  pen.fillStyle = '#6d6f73';
  pen.beginPath();
  for (const [x, y] of [[205, 290], [275, 290], [470, 480], [10, 480]] as const) pen.lineTo(x, y);
  pen.fill();
  pen.strokeStyle = '#f2ead3';
  pen.lineWidth = 7;
  pen.setLineDash([26, 22]);
  pen.beginPath();
  pen.moveTo(240, 296);
  pen.lineTo(240, 480);
  pen.stroke();
  pen.setLineDash([]);
}

function drawCrack(pen: Pen): void {
  pen.strokeStyle = '#2b2d30';
  pen.lineWidth = 6;
  pen.lineJoin = 'round';
  pen.beginPath();
  pen.moveTo(150, 400);
  for (let x = 175; x < 400; x += 26) pen.lineTo(x, 395 + (Math.random() - 0.5) * 50);
  pen.stroke();
}

function drawCone(pen: Pen, x: number): void {
  const body = (color: string, low: number, high: number) => {
    pen.fillStyle = color;
    pen.beginPath();
    pen.moveTo(x - low, 440 - (46 - low) * 3);
    pen.lineTo(x + low, 440 - (46 - low) * 3);
    pen.lineTo(x + high, 440 - (46 - high) * 3);
    pen.lineTo(x - high, 440 - (46 - high) * 3);
    pen.fill();
  };
  pen.fillStyle = '#c2501f';
  pen.fillRect(x - 58, 436, 116, 14);
  body('#e2672c', 46, 6);
  body('#fbf4e6', 34, 22);
}
